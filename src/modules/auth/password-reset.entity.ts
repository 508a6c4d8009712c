import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../platform/database/index.js';

/** Leave to set a new password, given by mail. The token itself is stored nowhere. */
@Entity('password_resets')
export class PasswordReset extends IdentifiedEntity {
  @Column({ type: 'uuid' })
  user_id: string;

  @Column({ type: 'text' })
  token_hash: string;

  @Column({ type: 'timestamptz', precision: 3 })
  expires_at: Date;
}
