import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/ids/index.js';
import {
  Database,
  decodeCursor,
  isForeignKeyViolation,
  isUniqueViolation,
  type Page,
  pageLimit,
  pageOf,
  type PageRequest,
  TenantRepository,
} from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { type Role, Scope } from '../../platform/scope/index.js';
import { caseless } from '../../platform/text/index.js';
import { User } from './user.entity.js';
import { changedProfile, isOtherAffiliation, JOBS, type Profile, type UserType, type WholeProfile } from './user-profile.js';

export interface NewUser extends WholeProfile {
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

/** Whom a search is for; every field narrows it. */
export interface UserFilter {
  q?: string;
  type?: UserType;
  university_id?: string;
  company_id?: string;
  job_id?: string;
  department_id?: string;
  position?: string;
}

/** The fields that name a row of the master data, by the foreign key that finds it missing. */
const MASTER_FIELDS: Record<string, string> = {
  users_university_fkey: 'university_id',
  users_company_fkey: 'company_id',
  users_department_fkey: 'department_id',
};
/** The foreign keys by which a booked matching holds its two to what they are. */
const HOLDING_TYPE = ['matchings_speaker_fkey', 'matchings_listener_fkey'];
/** Words of a search; more add nothing. */
const MOST_WORDS = 10;
const EQUAL_FIELDS = ['type', 'university_id', 'company_id', 'job_id', 'department_id'] as const;

@Injectable()
export class UserRepository extends TenantRepository<User> {
  constructor(database: Database) {
    super(database, User);
  }

  /**
   * Inserts a user; null where the username is taken, which leaves the transaction as it was.
   * @throws EMAIL_TAKEN, VALIDATION_FAILED where the profile names no row of the master data
   */
  async add(user: NewUser): Promise<string | null> {
    const id = newId();
    const { username, email } = user;
    try {
      const rows = await this.database.sql(
        `insert into users (client_id, id, username, username_key, email, email_key, email_verified, search_key, password_hash, role,
                            oidc_issuer, oidc_subject, name, date_of_birth, phone_number, type, university_id, company_id, job_id,
                            department_id, position)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
         on conflict on constraint users_username_unique do nothing returning id`,
        [
          Scope.clientId(),
          id,
          username,
          caseless(username),
          email,
          caseless(email),
          user.email_verified ?? false,
          searchKey(username, user),
          user.password_hash,
          user.role,
          user.oidc_issuer ?? null,
          user.oidc_subject ?? null,
          user.name,
          user.date_of_birth,
          user.phone_number,
          user.type,
          user.university_id,
          user.company_id,
          user.job_id,
          user.department_id,
          user.position,
        ],
      );
      return rows.length > 0 ? id : null;
    } catch (error) {
      throw isUniqueViolation(error, 'users_email_unique') ? new AppError('EMAIL_TAKEN', { cause: error }) : masterFault(error);
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

  /**
   * Changes the named fields of a profile; null clears one. Another type or affiliation is not proven any more. False where there is no such user.
   * @throws VALIDATION_FAILED, TYPE_HELD where a booked matching holds the user to the type
   */
  async setProfile(id: string, changes: Profile): Promise<boolean> {
    const user = await this.lock(id);
    if (!user) return false;
    const after = changedProfile(user, changes);
    const unproven = isOtherAffiliation(user, after) ? { is_authenticated: false } : {};
    const { name, date_of_birth, phone_number, type, university_id, company_id, job_id, department_id, position } = after;
    const profile = { name, date_of_birth, phone_number, type, university_id, company_id, job_id, department_id, position };
    try {
      await this.update({ id }, { ...profile, ...unproven, search_key: searchKey(user.username, after) });
    } catch (error) {
      const held = HOLDING_TYPE.some((constraint) => isForeignKeyViolation(error, constraint));
      throw held ? new AppError('TYPE_HELD', { cause: error }) : masterFault(error);
    }
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

  /** Those of these ids whose accounts are there and not shut. */
  async openAccounts(ids: readonly string[]): Promise<string[]> {
    const rows = await this.database.sql<{ id: string }>(
      'select id from users where client_id = $1 and id = any($2::uuid[]) and disabled_at is null',
      [Scope.clientId(), ids],
    );
    return rows.map(({ id }) => id);
  }

  /** A page of those who match, by username; disabled accounts where asked for. Each word of `q` must stand in what is known of them publicly. */
  async search(filter: UserFilter, withDisabled: boolean, page: PageRequest): Promise<Page<User>> {
    const limit = pageLimit(page.limit);
    const [after = null] = page.cursor === undefined ? [] : decodeCursor(page.cursor, ['text']);
    const query = this.query('u')
      .orderBy('u.username_key', 'ASC')
      .limit(limit + 1);
    if (after !== null) query.andWhere('u.username_key > :after', { after });
    for (const field of EQUAL_FIELDS) if (filter[field] !== undefined) query.andWhere(`u.${field} = :${field}`, { [field]: filter[field] });
    // NFKC and lower case, as `caseless` has it; positions are kept as they were typed.
    if (filter.position !== undefined) {
      query.andWhere('position(:position in lower(normalize(u.position, NFKC))) > 0', { position: caseless(filter.position) });
    }
    wordsOf(filter.q).forEach((word, index) => {
      const jobs = JOBS.filter(({ name }) => caseless(name).includes(word)).map(({ id }) => id);
      query.andWhere(wordCondition(`word_${index}`), { [`word_${index}`]: word, [`word_${index}_jobs`]: jobs });
    });
    if (!withDisabled) query.andWhere('u.disabled_at is null');
    return pageOf(await query.getMany(), limit, (user) => [user.username_key]);
  }
}

function wordsOf(q: string | undefined): string[] {
  if (q === undefined) return [];
  const words = caseless(q)
    .split(/\s+/)
    .filter((word) => word !== '');
  return words.slice(0, MOST_WORDS);
}

/** The word stands in the user's own words, or in the name of where they belong; the names are looked through once, not for each user. */
function wordCondition(parameter: string): string {
  const belongs = Object.entries({ university_id: 'universities', company_id: 'companies', department_id: 'departments' }).map(
    ([column, table]) =>
      `u.${column} in (select o.id from ${table} o where o.client_id = :scope_client_id and position(:${parameter} in o.name_key) > 0)`,
  );
  return `(position(:${parameter} in u.search_key) > 0 or u.job_id = any(:${parameter}_jobs) or ${belongs.join(' or ')})`;
}

/** A line for each, so that no word matches across two. */
function searchKey(username: string, { name, position }: Pick<WholeProfile, 'name' | 'position'>): string {
  return caseless([username, name, position].filter((line) => line !== null).join('\n'));
}

/** The 400 that names the field, for a row of the master data that is not there; any other error as it is. */
function masterFault(error: unknown): unknown {
  const found = Object.entries(MASTER_FIELDS).find(([constraint]) => isForeignKeyViolation(error, constraint));
  if (!found) return error;
  const [, field] = found;
  return new AppError('VALIDATION_FAILED', { cause: error, details: [{ field, message: `names no ${field.replace('_id', '')}` }] });
}
