import { Column, Entity, PrimaryColumn } from 'typeorm';

export const ROOM_ROLES = ['admin', 'member'] as const;
export type RoomRole = (typeof ROOM_ROLES)[number];

/** A person's membership of a room, with how far they have read. */
@Entity('room_members')
export class RoomMember {
  @PrimaryColumn('text')
  client_id: string;

  @PrimaryColumn('text')
  room_id: string;

  @PrimaryColumn('uuid')
  user_id: string;

  @Column('text')
  role: RoomRole;

  @Column('bigint')
  last_read_seq: number;

  @Column({ type: 'timestamptz', precision: 3 })
  joined_at: Date;
}
