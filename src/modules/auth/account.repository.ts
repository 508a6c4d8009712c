import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import { type Role, Scope } from '../../platform/scope/index.js';

/** What signing in asks of a user. */
export interface Account {
  readonly id: string;
  readonly username: string;
  readonly email: string;
  /** Null for people who have never set one: they come with another issuer's token. */
  readonly password_hash: string | null;
  readonly role: Role;
  readonly disabled_at: Date | null;
  readonly oidc_issuer: string | null;
  readonly oidc_subject: string | null;
}

const COLUMNS = 'id, username, email, password_hash, role, disabled_at, oidc_issuer, oidc_subject';

/** The users table as credentials see it. */
@Injectable()
export class AccountRepository {
  constructor(private readonly database: Database) {}

  async findById(id: string): Promise<Account | null> {
    return this.one('id = $2', id);
  }

  async findByUsername(username_key: string): Promise<Account | null> {
    return this.one('username_key = $2', username_key);
  }

  async findByEmail(email_key: string): Promise<Account | null> {
    return this.one('email_key = $2', email_key);
  }

  async findByIdentity(issuer: string, subject: string): Promise<Account | null> {
    const [row] = await this.database.sql<Account>(
      `select ${COLUMNS} from users where client_id = $1 and oidc_issuer = $2 and oidc_subject = $3`,
      [Scope.clientId(), issuer, subject],
    );
    return row ?? null;
  }

  /** Holds off changes to the user until the commit, and lets other sign-ins by. */
  async lockShared(id: string): Promise<Account | null> {
    return this.one('id = $2', id, 'for share');
  }

  /** Holds off changes and sign-ins until the commit. */
  async lock(id: string): Promise<Account | null> {
    return this.one('id = $2', id, 'for update');
  }

  async setPassword(id: string, password_hash: string, email_verified: boolean): Promise<void> {
    await this.database.sql(
      `update users set password_hash = $3, email_verified = email_verified or $4, updated_at = now() where client_id = $1 and id = $2`,
      [Scope.clientId(), id, password_hash, email_verified],
    );
  }

  /** Lets an identity of another issuer open the account. */
  async join(id: string, issuer: string, subject: string): Promise<void> {
    await this.database.sql(
      `update users set oidc_issuer = $3, oidc_subject = $4, email_verified = true, updated_at = now() where client_id = $1 and id = $2`,
      [Scope.clientId(), id, issuer, subject],
    );
  }

  private async one(condition: string, value: string, lock = ''): Promise<Account | null> {
    const [row] = await this.database.sql<Account>(
      `select ${COLUMNS} from users where client_id = $1 and ${condition} ${lock}`,
      [Scope.clientId(), value],
    );
    return row ?? null;
  }
}
