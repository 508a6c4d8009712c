import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../platform/database/index.js';

/** Who may see a page that is delivered: everybody, who knows its password, or the users that it lists (source 004). */
export const ACCESS = { open: 0, password: 1, listed: 2 } as const;
export const ACCESS_TYPES = [ACCESS.open, ACCESS.password, ACCESS.listed] as const;
export type AccessType = (typeof ACCESS_TYPES)[number];

/** A page of HTML that somebody of the tenant has made. */
@Entity('pages')
export class Page extends IdentifiedEntity {
  @Column('uuid')
  creator_id: string;

  @Column('text')
  title: string;

  @Column('text')
  content: string;

  @Column('smallint')
  access_type: AccessType;

  /** The password as `SecretBox` keeps it; null where the page has none. */
  @Column('text', { nullable: true })
  sealed_password: string | null;

  /** Counts every change of content and settings; what `ETag` tells. */
  @Column('bigint', { default: 1 })
  rev: number;

  /** The number of the newest version. */
  @Column('integer', { default: 1 })
  version: number;

  @Column({ type: 'timestamptz', precision: 3 })
  updated_at: Date;
}
