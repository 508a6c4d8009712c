import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import type { UserType } from './user-profile.js';

/** What somebody is to those who would meet them. */
export interface Standing {
  readonly id: string;
  readonly type: UserType | null;
  /** The university or company. */
  readonly affiliation_id: string | null;
  readonly is_authenticated: boolean;
  readonly is_disabled: boolean;
}

/** The fields of people that modules above keep: whether they are proven, by which papers, and how much waits for them unread. */
@Injectable()
export class UserStanding {
  constructor(private readonly database: Database) {}

  /**
   * What people are, whom nobody changes until the open transaction ends; unknown ones are left out. They are locked in one order, so that of two
   * who want the same people neither blocks the other.
   */
  lock(ids: readonly string[]): Promise<Standing[]> {
    return this.database.sql<Standing>(
      `select id, type, coalesce(university_id, company_id) as affiliation_id, is_authenticated, disabled_at is not null as is_disabled
         from users where client_id = $1 and id = any($2::uuid[]) order by id for no key update`,
      [Scope.clientId(), [...new Set(ids)]],
    );
  }

  /** Notes the papers that somebody handed in last. */
  async setCertificate(id: string, certificate_id: string): Promise<void> {
    await this.database.sql('update users set certificate_id = $3, updated_at = now() where client_id = $1 and id = $2', [
      Scope.clientId(),
      id,
      certificate_id,
    ]);
  }

  /** Notes whether somebody is proven to be who they say. */
  async setAuthenticated(id: string, is_authenticated: boolean): Promise<void> {
    await this.database.sql('update users set is_authenticated = $3, updated_at = now() where client_id = $1 and id = $2', [
      Scope.clientId(),
      id,
      is_authenticated,
    ]);
  }

  /** Counts `by` more that wait unread, or fewer; answers how many wait now. */
  async countUnread(id: string, by: number): Promise<number> {
    const [row] = await this.database.sql<{ notifications: number }>(
      'update users set notifications = notifications + $3 where client_id = $1 and id = $2 returning notifications',
      [Scope.clientId(), id, by],
    );
    return row?.notifications ?? 0;
  }
}
