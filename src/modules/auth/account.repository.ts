import { Injectable } from '@nestjs/common';
import { Database, TenantRepository } from '../../platform/database/index.js';
import { User } from '../users/index.js';

/** What signing in asks of a user. */
export type Account = Pick<User, 'id' | 'username' | 'email' | 'password_hash' | 'role' | 'disabled_at' | 'oidc_issuer' | 'oidc_subject'>;

const COLUMNS = {
  client_id: true,
  id: true,
  username: true,
  email: true,
  password_hash: true,
  role: true,
  disabled_at: true,
  oidc_issuer: true,
  oidc_subject: true,
} as const;

/** People as credentials see them. */
@Injectable()
export class AccountRepository extends TenantRepository<User> {
  constructor(database: Database) {
    super(database, User);
  }

  findById(id: string): Promise<Account | null> {
    return this.findOne({ id }, { select: COLUMNS });
  }

  findByUsername(username_key: string): Promise<Account | null> {
    return this.findOne({ username_key }, { select: COLUMNS });
  }

  findByEmail(email_key: string): Promise<Account | null> {
    return this.findOne({ email_key }, { select: COLUMNS });
  }

  /** Holds off changes to the user until the commit, and lets other sign-ins by. */
  lockShared(id: string): Promise<Account | null> {
    return this.findOne({ id }, { select: COLUMNS, lock: { mode: 'pessimistic_read' } });
  }

  /** Holds off changes and sign-ins until the commit. */
  lock(id: string): Promise<Account | null> {
    return this.findOne({ id }, { select: COLUMNS, lock: { mode: 'pessimistic_write' } });
  }

  async setPassword(id: string, password_hash: string): Promise<void> {
    await this.update({ id }, { password_hash });
  }

  /** The person has read a mail that went to the account's address. */
  async setEmailVerified(id: string): Promise<void> {
    await this.update({ id }, { email_verified: true });
  }
}
