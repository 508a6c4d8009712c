import { Column, Entity, PrimaryColumn } from 'typeorm';

export const VISIBILITIES = ['open', 'private'] as const;
export type Visibility = (typeof VISIBILITIES)[number];

/** A place where a tenant's people talk. */
@Entity('rooms')
export class Room {
  @PrimaryColumn('text')
  client_id: string;

  @PrimaryColumn('text')
  id: string;

  @Column('text')
  name: string;

  /** `open` to everyone in the tenant, or `private` to its members. */
  @Column('text')
  visibility: Visibility;

  /** How long its messages live, unless a message names its own time; null for ever. */
  @Column('integer', { nullable: true })
  message_ttl_seconds: number | null;

  /** Its messages show their sender's id alone. */
  @Column('boolean')
  is_anonymous: boolean;

  /** Made by the system: its members can neither change nor delete it. */
  @Column('boolean')
  is_fixed: boolean;

  /** The place of its newest message; taken by row lock in the posting transaction, so that it never has a gap. */
  @Column('bigint')
  last_seq: number;

  /** Counts everything that has happened to its messages. */
  @Column('bigint')
  last_rev: number;

  /** Up to here its messages are in the search index. */
  @Column('bigint')
  indexed_seq: number;

  @Column('uuid', { nullable: true })
  created_by: string | null;

  @Column({ type: 'timestamptz', precision: 3 })
  created_at: Date;
}
