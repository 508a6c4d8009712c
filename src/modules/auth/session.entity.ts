import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../platform/database/index.js';

/** `cookie`: one token that its use renews. `bearer`: short tokens and a refresh token. */
export type SessionKind = 'cookie' | 'bearer';

/** One sign-in. While its row stands it can be renewed or refreshed; tokens name it by `sid`. */
@Entity('sessions')
export class Session extends IdentifiedEntity {
  @Column({ type: 'uuid' })
  user_id: string;

  @Column({ type: 'text' })
  kind: SessionKind;

  /** The room named at login. */
  @Column({ type: 'text' })
  room_id: string;

  /** How often its refresh token was rotated, from 1. */
  @Column({ type: 'integer', default: 1 })
  generation: number;

  @Column({ type: 'timestamptz', precision: 3, default: () => 'now()' })
  rotated_at: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  expires_at: Date;
}
