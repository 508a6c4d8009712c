import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../platform/database/index.js';
import type { Role } from '../../platform/scope/index.js';

/** Leave to register once, for one email address. The token itself is stored nowhere. */
@Entity('invitations')
export class Invitation extends IdentifiedEntity {
  @Column('text')
  email: string;

  /** The email as it is compared. */
  @Column('text')
  email_key: string;

  /** What the invited person becomes. */
  @Column('text')
  role: Role;

  @Column('text')
  token_hash: string;

  @Column('uuid', { nullable: true })
  created_by: string | null;

  @Column({ type: 'timestamptz', precision: 3 })
  expires_at: Date;

  /** When somebody registered by it. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  used_at: Date | null;
}
