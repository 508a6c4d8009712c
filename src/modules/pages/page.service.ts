import { Injectable } from '@nestjs/common';
import { Database, decodeCursor, type Page, pageLimit, pageOf, type PageRequest } from '../../platform/database/index.js';
import { AppError, type ErrorDetail } from '../../platform/errors/index.js';
import { newId } from '../../platform/ids/index.js';
import { type Actor } from '../../platform/scope/index.js';
import { type CreatePageDto, MAX_CONTENT_BYTES, type UpdatePageDto } from './page.dto.js';
import { ACCESS } from './page.entity.js';
import { type Attach, PageFiles } from './page-files.js';
import { assertCanDelete, assertCanEdit, assertCanRead, editorOf, makerOf, type Owned } from './page.policy.js';
import { PagePasswords } from './page-passwords.js';
import { PageRepository, type PageState, type WholePage } from './page.repository.js';
import { assertMatches, tagOf } from './page-tag.js';
import { PageVersionRepository } from './page-version.repository.js';
import {
  type PageSummaryView,
  type PageVersionSummaryView,
  type PageVersionView,
  type PageView,
  toPageSummaryView,
  toPageView,
  toVersionSummaryView,
  toVersionView,
} from './page.view.js';
import { PageThumbnails } from './thumbnail/page-thumbnails.js';

/** How many versions a page keeps. */
export const MOST_VERSIONS = 100;

/** A page with its `ETag`. */
export interface TaggedPage {
  readonly page: PageView;
  readonly tag: string;
}

/** The lists of a page that name users. */
type Lists = Partial<Record<'allowed_user_ids' | 'co_editor_user_ids', string[] | null>>;

/** Pages for those who make and edit them (contract, section 5; source 004, sections 5 to 9). */
@Injectable()
export class PageService {
  constructor(
    private readonly database: Database,
    private readonly pages: PageRepository,
    private readonly versions: PageVersionRepository,
    private readonly passwords: PagePasswords,
    private readonly files: PageFiles,
    private readonly thumbnails: PageThumbnails,
  ) {}

  /** Makes a page. Throws PAYLOAD_TOO_LARGE, VALIDATION_FAILED, USER_NOT_FOUND where a system names nobody's id, NOT_YOURSELF. */
  async create(actor: Actor, body: CreatePageDto): Promise<TaggedPage> {
    const creator_id = makerOf(actor, body.user_id);
    const id = newId();
    const password = body.password ?? null;
    const state: PageState = {
      title: body.title,
      content: body.content,
      access_type: body.access_type,
      sealed_password: this.passwords.seal(id, password),
    };
    assertWhole(state);
    await this.database.transaction(async () => {
      await this.assertUsers(body, creator_id);
      const attach = await this.files.prepare(actor, id, state.content, creator_id);
      await this.pages.insert({ id, creator_id, ...state });
      await this.setUsers(id, body);
      await attach();
      await this.keep(id, actor);
    });
    return this.get(actor, id);
  }

  /** The page for its editors. Throws PAGE_NOT_FOUND, FORBIDDEN. */
  async get(actor: Actor, id: string): Promise<TaggedPage> {
    const page = await this.readable(actor, id);
    return { page: toPageView(page, this.passwordFor(actor, page)), tag: tagOf(page.rev) };
  }

  /** A page of what the actor has made or co-edits, newest first; a system sees all of the tenant's. */
  async list(actor: Actor, request: PageRequest): Promise<Page<PageSummaryView>> {
    const limit = pageLimit(request.limit);
    const before = request.cursor === undefined ? null : String(decodeCursor(request.cursor, ['uuid'])[0]);
    const rows = await this.pages.listOf(editorOf(actor), before, limit + 1);
    return pageOf(rows, limit, ({ id }) => [id]).map((row) => toPageSummaryView(row, this.passwordFor(actor, row)));
  }

  /**
   * Changes what is named, and keeps a version; answers the new `ETag`. Throws PAGE_NOT_EDITABLE, PAGE_CHANGED where `if_match` names
   * another state, PAYLOAD_TOO_LARGE, VALIDATION_FAILED.
   */
  async update(actor: Actor, id: string, body: UpdatePageDto, if_match: string | undefined): Promise<string> {
    return this.database.transaction(async () => {
      const { creator_id } = await this.assertEditable(actor, id);
      // Users, files, page: whoever deletes a user takes them in this order too.
      await this.assertUsers(body);
      const attach = await this.files.prepare(actor, id, body.content ?? '', creator_id);
      const page = await this.editable(actor, id, if_match);
      const state: PageState = {
        title: body.title ?? page.title,
        content: body.content ?? page.content,
        access_type: body.access_type ?? page.access_type,
        sealed_password: body.password === undefined ? page.sealed_password : this.passwords.seal(id, body.password),
      };
      assertWhole(state);
      return this.write(actor, page, state, attach, body);
    });
  }

  /** Deletes the page with its versions. Throws PAGE_NOT_EDITABLE, PAGE_CHANGED. */
  async remove(actor: Actor, id: string, if_match: string | undefined): Promise<void> {
    await this.database.transaction(
      async () => {
        assertCanDelete(actor, await this.assertEditable(actor, id));
        await this.editable(actor, id, if_match);
        await this.files.release(id);
        await this.pages.delete({ id });
      },
      // Somebody whose account ends takes their files off the page first, and themselves off its lists after that.
      { retry: true },
    );
  }

  /** A page of the page's versions, newest first. Throws PAGE_NOT_FOUND, FORBIDDEN. */
  async listVersions(actor: Actor, id: string, request: PageRequest): Promise<Page<PageVersionSummaryView>> {
    await this.readable(actor, id);
    return (await this.versions.heads(id, request)).map(toVersionSummaryView);
  }

  /** One version. Throws PAGE_NOT_FOUND, FORBIDDEN, VERSION_NOT_FOUND. */
  async getVersion(actor: Actor, id: string, version: number): Promise<PageVersionView> {
    await this.readable(actor, id);
    const found = await this.versions.findOne({ page_id: id, version });
    if (!found) throw new AppError('VERSION_NOT_FOUND');
    return toVersionView(found);
  }

  /**
   * Brings title and content of a version back, as a new version; who may see the page stays as it is. Throws PAGE_NOT_EDITABLE,
   * PAGE_CHANGED, VERSION_NOT_FOUND.
   */
  async restore(actor: Actor, id: string, version: number, if_match: string | undefined): Promise<TaggedPage> {
    await this.database.transaction(async () => {
      const { creator_id } = await this.assertEditable(actor, id);
      const found = await this.versions.findOne({ page_id: id, version });
      if (!found) throw new AppError('VERSION_NOT_FOUND');
      const { title, content } = found;
      const attach = await this.files.prepare(actor, id, content, creator_id);
      const page = await this.editable(actor, id, if_match);
      const { access_type, sealed_password } = page;
      await this.write(actor, page, { title, content, access_type, sealed_password }, attach, {});
    });
    return this.get(actor, id);
  }

  /** For the people who edit the page alone: not for systems, which otherwise see all. */
  private passwordFor(actor: Actor, { id, sealed_password }: Pick<WholePage, 'id' | 'sealed_password'>): string | null {
    return actor.kind === 'user' ? this.passwords.open(id, sealed_password) : null;
  }

  private async readable(actor: Actor, id: string): Promise<WholePage> {
    const page = await this.pages.findWhole(id);
    if (!page) throw new AppError('PAGE_NOT_FOUND');
    assertCanRead(actor, page);
    return page;
  }

  /** Whose page it is, before anything is locked: whoever may not edit it holds nobody up. Throws PAGE_NOT_EDITABLE. */
  private async assertEditable(actor: Actor, id: string): Promise<Owned> {
    const page = await this.pages.findOwned(id);
    if (!page) throw new AppError('PAGE_NOT_EDITABLE');
    assertCanEdit(actor, page);
    return page;
  }

  /** The page, which nobody else changes until the transaction ends. Throws PAGE_NOT_EDITABLE, PAGE_CHANGED. */
  private async editable(actor: Actor, id: string, if_match: string | undefined): Promise<WholePage> {
    const page = (await this.pages.lock(id)) ? await this.pages.findWhole(id) : null;
    if (!page) throw new AppError('PAGE_NOT_EDITABLE');
    assertCanEdit(actor, page);
    assertMatches(if_match, page.rev);
    return page;
  }

  private async write(actor: Actor, page: WholePage, state: PageState, attach: Attach, lists: Lists): Promise<string> {
    const { rev } = await this.pages.change(page.id, state);
    await this.setUsers(page.id, lists);
    await attach();
    await this.keep(page.id, actor);
    return tagOf(rev);
  }

  private async keep(id: string, actor: Actor): Promise<void> {
    await this.versions.keep(id, actor.kind === 'user' ? actor.id : null, MOST_VERSIONS);
    await this.thumbnails.request(id);
  }

  private async setUsers(id: string, { allowed_user_ids, co_editor_user_ids }: Lists): Promise<void> {
    if (allowed_user_ids) await this.pages.setUsers(id, 'reader', [...new Set(allowed_user_ids)]);
    if (co_editor_user_ids) await this.pages.setUsers(id, 'editor', [...new Set(co_editor_user_ids)]);
  }

  /** Names every list that has an unknown id; the users of all others cannot go before the lists are written. */
  private async assertUsers(lists: Lists, creator_id?: string): Promise<void> {
    const named = [
      ...new Set([...(lists.allowed_user_ids ?? []), ...(lists.co_editor_user_ids ?? []), ...(creator_id ? [creator_id] : [])]),
    ];
    if (named.length === 0) return;
    const known = await this.pages.holdUsers(named);
    if (creator_id !== undefined && !known.has(creator_id)) throw new AppError('USER_NOT_FOUND');
    const details = (['allowed_user_ids', 'co_editor_user_ids'] as const).flatMap((field): ErrorDetail[] => {
      const unknown = (lists[field] ?? []).filter((user_id) => !known.has(user_id));
      return unknown.length === 0 ? [] : [{ field, message: 'names users who do not exist' }];
    });
    if (details.length > 0) throw new AppError('VALIDATION_FAILED', { details });
  }
}

/** Throws PAYLOAD_TOO_LARGE for too long a content, VALIDATION_FAILED for a page by password without one. */
function assertWhole({ content, access_type, sealed_password }: PageState): void {
  if (Buffer.byteLength(content) > MAX_CONTENT_BYTES) throw new AppError('PAYLOAD_TOO_LARGE');
  if (access_type === ACCESS.password && sealed_password === null) {
    throw AppError.field('password', 'is required with access_type 1');
  }
}
