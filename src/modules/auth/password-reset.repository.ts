import { Injectable } from '@nestjs/common';
import { MoreThan } from 'typeorm';
import { Database, TenantRepository } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import { PasswordReset } from './password-reset.entity.js';

@Injectable()
export class PasswordResetRepository extends TenantRepository<PasswordReset> {
  constructor(database: Database) {
    super(database, PasswordReset);
  }

  /** Whose a token is while it is good, without using it up. */
  findGood(token_hash: string): Promise<Pick<PasswordReset, 'user_id'> | null> {
    return this.findOne({ token_hash, expires_at: MoreThan(new Date()) });
  }

  /** Uses a token up: of two at once, one gets null. Every other token of the user goes with it. */
  async use(token_hash: string): Promise<string | null> {
    const [used] = await this.database.sql<{ user_id: string }>(
      'delete from password_resets where client_id = $1 and token_hash = $2 and expires_at > now() returning user_id',
      [Scope.clientId(), token_hash],
    );
    if (!used) return null;
    await this.delete({ user_id: used.user_id });
    return used.user_id;
  }
}
