import { Injectable } from '@nestjs/common';
import { BoundedCache } from '../../platform/cache/index.js';
import { SystemDatabase } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { type Actor, Scope } from '../../platform/scope/index.js';
import { ACCESS } from './page.entity.js';
import { PagePasswords } from './page-passwords.js';
import { type DeliveredPage, PageRepository } from './page.repository.js';
import { isKnown, revOf, tagOf } from './page-tag.js';

/** How many pages' tenants are kept in memory; a page never changes its tenant. */
const MOST_REMEMBERED = 100_000;
/** How many pages are kept as they are sent, and how long one may be: 32 MB in all at most. */
const MOST_WRITTEN = 512;
const LONGEST_WRITTEN = 32 * 1024;

/** What a reader brings. */
export interface Visit {
  /** Who reads; null for nobody. */
  readonly actor: Actor | null;
  readonly password: string | null;
  readonly if_none_match: string | undefined;
}

/** A page on its way; `json`, the whole answer, is null where the reader has it already. */
export interface Delivery {
  readonly json: string | null;
  readonly tag: string;
  readonly is_open: boolean;
}

/** The answer for one state of a page. */
interface Written {
  readonly client_id: string;
  readonly rev: number;
  readonly json: string;
}

/** Delivers pages to readers (contract, section 5; source 004, section 10). */
@Injectable()
export class PageDelivery {
  private readonly tenants = new BoundedCache<string, string>(MOST_REMEMBERED);
  private readonly written = new BoundedCache<string, Written>(MOST_WRITTEN);

  constructor(
    private readonly system: SystemDatabase,
    private readonly pages: PageRepository,
    private readonly passwords: PagePasswords,
  ) {}

  /** The tenant of a page, which a link does not name; undefined where memory does not know it. */
  peekTenant(id: string): string | undefined {
    return this.tenants.get(id);
  }

  /**
   * {@link peekTenant}, asked of the database: the one look past the tenants, which learns a name and nothing else of the page.
   * @throws PAGE_NOT_FOUND
   */
  async findTenant(id: string): Promise<string> {
    const [row] = await this.system.cross('page-delivery', (sql) =>
      sql<{ client_id: string }>('select client_id from pages where id = $1 limit 1', [id]),
    );
    if (!row) throw new AppError('PAGE_NOT_FOUND');
    this.tenants.set(id, row.client_id);
    return row.client_id;
  }

  /**
   * The page, in its own tenant's scope, for whoever may see it: everybody, who knows the password, or the listed users; always its creator
   * and co-editors. The database is asked each time who may see it and which state it has; only the content of a state that was sent
   * before is not read and written again.
   * @throws PAGE_NOT_FOUND, INCORRECT_PASSWORD, FORBIDDEN, RATE_LIMITED
   */
  async deliver(id: string, { actor, password, if_none_match }: Visit): Promise<Delivery> {
    const kept = this.written.get(id);
    const written = kept?.client_id === Scope.clientId() ? kept : undefined;
    const page = await this.pages.findDelivered(id, revOf(if_none_match) ?? written?.rev ?? null);
    if (page === null) throw new AppError('PAGE_NOT_FOUND');
    const is_open = page.access_type === ACCESS.open;
    if (!is_open) await this.assertMaySee(id, page, actor, password);
    const is_known = if_none_match !== undefined && isKnown(if_none_match, page.rev);
    const json = is_known ? null : written?.rev === page.rev ? written.json : this.write(id, page);
    return { json, tag: tagOf(page.rev), is_open };
  }

  private write(id: string, { rev, content }: DeliveredPage): string {
    // It was left out for a state that nobody has: what would be kept here is sent to everybody.
    if (content === null) throw new Error(`The content of page ${id} was not read`);
    const json = `{"content":${JSON.stringify(content)}}`;
    if (json.length <= LONGEST_WRITTEN) this.written.set(id, { client_id: Scope.clientId(), rev, json });
    return json;
  }

  private async assertMaySee(id: string, page: DeliveredPage, actor: Actor | null, password: string | null): Promise<void> {
    if (actor !== null && (await this.isListed(id, page, actor))) return;
    if (page.access_type === ACCESS.listed) throw new AppError('FORBIDDEN');
    await this.passwords.check(id, page.sealed_password, password);
  }

  private async isListed(id: string, page: DeliveredPage, actor: Actor): Promise<boolean> {
    if (actor.kind === 'operator') return true;
    // A key that was made for something else reads no pages.
    if (actor.kind === 'api_key') return actor.scopes.includes('pages');
    if (actor.id === page.creator_id) return true;
    const parts = await this.pages.partsOf(id, actor.id);
    return parts.includes('editor') || (page.access_type === ACCESS.listed && parts.includes('reader'));
  }
}
