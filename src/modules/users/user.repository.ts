import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/ids/index.js';
import { Database, decodeCursor, type Page, pageLimit, pageOf, type PageRequest, TenantRepository } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { type Role, Scope } from '../../platform/scope/index.js';
import { caseless } from '../../platform/text/index.js';
import { User } from './user.entity.js';

/** Which of a user's fields the user sets. */
export interface Profile {
  name?: string | null;
  date_of_birth?: string | null;
  phone_number?: string | null;
  position?: string | null;
}

export interface NewUser extends Profile {
  username: string;
  email: string;
  password_hash: string | null;
  role: Role;
  email_verified?: boolean;
  oidc_issuer?: string;
  oidc_subject?: string;
}

/** Who somebody is to the others. */
export type UserName = Pick<User, 'id' | 'username' | 'email'>;

const UNIQUE_VIOLATION = '23505';

@Injectable()
export class UserRepository extends TenantRepository<User> {
  constructor(database: Database) {
    super(database, User);
  }

  /**
   * Inserts a user; null where the username is taken, which leaves the transaction as it was.
   * @throws EMAIL_TAKEN
   */
  async add(user: NewUser): Promise<string | null> {
    const id = newId();
    const { username, email, name = null } = user;
    try {
      const rows = await this.database.sql(
        `insert into users (client_id, id, username, username_key, email, email_key, email_verified, search_key, password_hash, role,
                            oidc_issuer, oidc_subject, name, date_of_birth, phone_number, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         on conflict on constraint users_username_unique do nothing returning id`,
        [
          Scope.clientId(),
          id,
          username,
          caseless(username),
          email,
          caseless(email),
          user.email_verified ?? false,
          searchKey(username, name),
          user.password_hash,
          user.role,
          user.oidc_issuer ?? null,
          user.oidc_subject ?? null,
          name,
          user.date_of_birth ?? null,
          user.phone_number ?? null,
          user.position ?? null,
        ],
      );
      return rows.length > 0 ? id : null;
    } catch (error) {
      const { code, constraint } = error as { code?: string; constraint?: string };
      throw code === UNIQUE_VIOLATION && constraint === 'users_email_unique' ? new AppError('EMAIL_TAKEN', { cause: error }) : error;
    }
  }

  /** Lets another issuer's identity open the account that has this email; null where none has. */
  async adopt(email: string, oidc_issuer: string, oidc_subject: string): Promise<User | null> {
    const [row] = await this.database.sql<{ id: string }>(
      `update users set oidc_issuer = $3, oidc_subject = $4, email_verified = true, updated_at = now()
        where client_id = $1 and email_key = $2 returning id`,
      [Scope.clientId(), caseless(email), oidc_issuer, oidc_subject],
    );
    return row ? this.findOne({ id: row.id }) : null;
  }

  /** Which of a username and an email somebody has already. */
  async taken(username: string, email: string): Promise<{ username: boolean; email: boolean }> {
    const [row] = await this.database.sql<{ username: boolean; email: boolean }>(
      `select exists (select from users where client_id = $1 and username_key = $2) as username,
              exists (select from users where client_id = $1 and email_key = $3) as email`,
      [Scope.clientId(), caseless(username), caseless(email)],
    );
    return row ?? { username: false, email: false };
  }

  /** Changes the named fields of a profile; null clears one. False where there is no such user. */
  async setProfile(id: string, profile: Profile): Promise<boolean> {
    const user = await this.lock(id);
    if (!user) return false;
    const name = profile.name === undefined ? user.name : profile.name;
    await this.update({ id }, { ...profile, search_key: searchKey(user.username, name) });
    return true;
  }

  /**
   * The user, whom nobody else changes until the transaction ends; null where there is none. Rows that refer to the user may
   * still come.
   */
  lock(id: string): Promise<User | null> {
    return this.findOne({ id }, { lock: { mode: 'for_no_key_update' } });
  }

  /**
   * The owners who can sign in, in the transaction's hands: of two that would each take the last one's place, the second
   * waits here and sees what the first has done.
   */
  async lockOwners(): Promise<string[]> {
    const rows = await this.database.sql<{ id: string }>(
      `select id from users where client_id = $1 and role = 'owner' and disabled_at is null order by id for no key update`,
      [Scope.clientId()],
    );
    return rows.map(({ id }) => id);
  }

  /** Whom usernames belong to, by their keys. */
  async idsByUsernameKeys(keys: readonly string[]): Promise<Map<string, string>> {
    const rows = await this.database.sql<{ id: string; username_key: string }>(
      'select id, username_key from users where client_id = $1 and username_key = any($2::text[])',
      [Scope.clientId(), keys],
    );
    return new Map(rows.map(({ id, username_key }) => [username_key, id]));
  }

  /** Who these ids are; unknown ones are left out. */
  async names(ids: readonly string[]): Promise<UserName[]> {
    return this.database.sql<UserName>('select id, username, email from users where client_id = $1 and id = any($2::uuid[])', [
      Scope.clientId(),
      ids,
    ]);
  }

  /** A page of those whose username or name has `text` in it, by username; disabled accounts where asked for. */
  async search(text: string | undefined, withDisabled: boolean, page: PageRequest): Promise<Page<User>> {
    const limit = pageLimit(page.limit);
    const [after = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, ['text']);
    const query = this.query('u')
      .orderBy('u.username_key', 'ASC')
      .limit(limit + 1);
    if (after !== null) query.andWhere('u.username_key > :after', { after });
    if (text !== undefined) query.andWhere('position(:text in u.search_key) > 0', { text: caseless(text) });
    if (!withDisabled) query.andWhere('u.disabled_at is null');
    return pageOf(await query.getMany(), limit, (user) => [user.username_key]);
  }
}

/** A line for each, so that no search matches across both. */
function searchKey(username: string, name: string | null): string {
  return caseless(name === null ? username : `${username}\n${name}`);
}
