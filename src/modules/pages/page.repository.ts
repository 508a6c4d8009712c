import { Injectable } from '@nestjs/common';
import { Database, TenantRepository } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import { ACCESS, type AccessType, Page } from './page.entity.js';

/** A page as lists show it: all but its content. */
export interface PageRow {
  id: string;
  title: string;
  access_type: AccessType;
  sealed_password: string | null;
  allowed_user_ids: string[];
  co_editor_user_ids: string[];
  creator_id: string;
  thumbnail: string | null;
  created_at: Date;
  updated_at: Date;
}

/** A page as its editors see it. */
export interface WholePage extends PageRow {
  content: string;
  rev: number;
  version: number;
}

/** What decides whether a page is delivered; `content` is null where the caller has it already. */
export interface DeliveredPage {
  creator_id: string;
  access_type: AccessType;
  sealed_password: string | null;
  rev: number;
  content: string | null;
}

/** What a write sets. */
export type PageState = Pick<WholePage, 'title' | 'content' | 'access_type' | 'sealed_password'>;

/** The part that a user has in a page; its creator has none. */
export type PagePart = 'reader' | 'editor';

const partOf = (part: PagePart): string => `array(
  select u.user_id from page_users u where u.client_id = p.client_id and u.page_id = p.id and u.part = '${part}' order by u.place)`;

const LISTED = `p.id, p.title, p.access_type, p.sealed_password, p.creator_id, p.created_at, p.updated_at, t.image as thumbnail,
  ${partOf('reader')} as allowed_user_ids, ${partOf('editor')} as co_editor_user_ids`;
const THUMBNAILS = 'left join page_thumbnails t on t.client_id = p.client_id and t.page_id = p.id';

/** One page for its readers: by `client_id`, `id`, and the `rev` that the reader has. */
export const DELIVER_PAGE = `select creator_id, access_type, sealed_password, rev, case when rev = $3 then null else content end as content
  from pages where client_id = $1 and id = $2`;

const HAS_PART = (part: PagePart): string =>
  `exists (select from page_users u where u.client_id = p.client_id and u.page_id = p.id and u.part = '${part}' and u.user_id = $4)`;

const FILE_READABLE = `select 1 as is_there from pages p where p.client_id = $1 and p.id = any($2::uuid[]) and case
    when $4::uuid is null or p.creator_id = $4 or ${HAS_PART('editor')} then true
    when p.access_type = ${ACCESS.open} or (p.access_type = ${ACCESS.listed} and ${HAS_PART('reader')})
      then position('/files/' || $3 in p.content) > 0 or position('/files/' || upper($3) in p.content) > 0
    else false end limit 1`;

/** Every id sorts before it. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Pages of the tenant in scope, and who has a part in them. */
@Injectable()
export class PageRepository extends TenantRepository<Page> {
  constructor(database: Database) {
    super(database, Page);
  }

  /** The page, or null. */
  async findWhole(id: string): Promise<WholePage | null> {
    const [row] = await this.database.sql<WholePage>(
      `select ${LISTED}, p.content, p.rev, p.version from pages p ${THUMBNAILS} where p.client_id = $1 and p.id = $2`,
      [Scope.clientId(), id],
    );
    return row ?? null;
  }

  /** Whose page it is, or null. */
  async findOwned(id: string): Promise<Pick<PageRow, 'creator_id' | 'co_editor_user_ids'> | null> {
    const [row] = await this.database.sql<Pick<PageRow, 'creator_id' | 'co_editor_user_ids'>>(
      `select p.creator_id, ${partOf('editor')} as co_editor_user_ids from pages p where p.client_id = $1 and p.id = $2`,
      [Scope.clientId(), id],
    );
    return row ?? null;
  }

  /** Holds the page to the end of the transaction; false where there is none. */
  async lock(id: string): Promise<boolean> {
    const rows = await this.database.sql('select 1 from pages where client_id = $1 and id = $2 for no key update', [Scope.clientId(), id]);
    return rows.length > 0;
  }

  /** The pages that a user has made or co-edits, newest first; all of the tenant's where `user_id` is null. */
  listOf(user_id: string | null, before: string | null, limit: number): Promise<PageRow[]> {
    const values = [Scope.clientId(), before ?? LAST_ID, limit];
    if (user_id === null) {
      return this.database.sql<PageRow>(
        `select ${LISTED} from pages p ${THUMBNAILS} where p.client_id = $1 and p.id < $2 order by p.id desc limit $3`,
        values,
      );
    }
    return this.database.sql<PageRow>(
      `with made as (select id from pages where client_id = $1 and creator_id = $4 and id < $2 order by id desc limit $3),
            edited as (select page_id as id from page_users
                        where client_id = $1 and user_id = $4 and part = 'editor' and page_id < $2 order by page_id desc limit $3),
            mine as (select id from made union select id from edited order by id desc limit $3)
       select ${LISTED} from mine m join pages p on p.client_id = $1 and p.id = m.id ${THUMBNAILS} order by p.id desc`,
      [...values, user_id],
    );
  }

  /** What is needed to deliver a page, or null; without its content where `known_rev` is the one that it has. */
  async findDelivered(id: string, known_rev: number | null): Promise<DeliveredPage | null> {
    const [row] = await this.database.sql<DeliveredPage>(DELIVER_PAGE, [Scope.clientId(), id, known_rev ?? 0]);
    return row ?? null;
  }

  /**
   * True where one of these pages gives `user_id` (null: a system of the tenant, which sees all) a file: as its editor, or as whoever may see
   * it by a credential while its content names the file, in small or capital letters. A content is long, and looked through last.
   */
  async isFileReadable(ids: readonly string[], file_id: string, user_id: string | null): Promise<boolean> {
    const rows = await this.database.sql(FILE_READABLE, [Scope.clientId(), ids, file_id, user_id]);
    return rows.length > 0;
  }

  /**
   * Holds every page that a user has made or is listed on to the end of the transaction, all of them in one order, as whoever else goes may be
   * on the same pages. Answers which the user has made.
   */
  async holdOf(user_id: string): Promise<string[]> {
    const rows = await this.database.sql<{ id: string; is_own: boolean }>(
      `select p.id, p.creator_id = $2 as is_own from pages p where p.client_id = $1 and p.id in (
          select m.id from pages m where m.client_id = $1 and m.creator_id = $2
          union select u.page_id from page_users u where u.client_id = $1 and u.user_id = $2) order by p.id for update`,
      [Scope.clientId(), user_id],
    );
    return rows.filter(({ is_own }) => is_own).map(({ id }) => id);
  }

  /** What a user may do with a page besides what everybody may, or null. */
  async partsOf(id: string, user_id: string): Promise<PagePart[]> {
    const rows = await this.database.sql<{ part: PagePart }>(
      'select part from page_users where client_id = $1 and page_id = $2 and user_id = $3',
      [Scope.clientId(), id, user_id],
    );
    return rows.map(({ part }) => part);
  }

  /** Changes the page and counts the change; answers its new `rev` and `version`. */
  async change(id: string, state: PageState): Promise<Pick<WholePage, 'rev' | 'version'>> {
    const [row] = await this.database.sql<Pick<WholePage, 'rev' | 'version'>>(
      `update pages set title = $3, content = $4, access_type = $5, sealed_password = $6, rev = rev + 1, version = version + 1,
                        updated_at = greatest(clock_timestamp(), updated_at)
        where client_id = $1 and id = $2 returning rev, version`,
      [Scope.clientId(), id, state.title, state.content, state.access_type, state.sealed_password],
    );
    return row!;
  }

  /** Which of these ids are users; they cannot go before the transaction ends. */
  async holdUsers(ids: readonly string[]): Promise<Set<string>> {
    const rows = await this.database.sql<{ id: string }>(
      'select id from users where client_id = $1 and id = any($2::uuid[]) order by id for key share',
      [Scope.clientId(), ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Makes these the page's users of one part, in this order. */
  async setUsers(id: string, part: PagePart, user_ids: readonly string[]): Promise<void> {
    await this.database.sql('delete from page_users where client_id = $1 and page_id = $2 and part = $3', [Scope.clientId(), id, part]);
    if (user_ids.length === 0) return;
    await this.database.sql(
      `insert into page_users (client_id, page_id, part, user_id, place)
       select $1, $2, $3, w.id, w.place from unnest($4::uuid[]) with ordinality as w(id, place)`,
      [Scope.clientId(), id, part, user_ids],
    );
  }

  /** Deletes what a user has made; what is held already. */
  async deleteOf(creator_id: string): Promise<void> {
    await this.database.sql('delete from pages where client_id = $1 and creator_id = $2', [Scope.clientId(), creator_id]);
  }

  /** Takes a user off every list of pages that are held already; they have changed by it. */
  async forgetUser(user_id: string): Promise<void> {
    await this.database.sql(
      `with gone as (delete from page_users where client_id = $1 and user_id = $2 returning page_id)
       update pages set rev = rev + 1 where client_id = $1 and id in (select page_id from gone)`,
      [Scope.clientId(), user_id],
    );
  }
}
