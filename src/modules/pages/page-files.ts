import { Injectable } from '@nestjs/common';
import { AppError } from '../../platform/errors/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { type AttachedTo, FileAccess, FileAttachments } from '../files/index.js';
import { editorOf } from './page.policy.js';
import { PageRepository } from './page.repository.js';

/** Files that one page names at most; further ones are not attached. */
const MOST_FILES = 100;
const FILE_URL = /\/files\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9a-z-])/gi;

/** Attaches what was locked. */
export type Attach = () => Promise<void>;

/**
 * The files of pages: a page names a file by its URL, `/files/{id}`, in whatever attribute or text. On each write those are attached that the
 * writer may give: the writer's own, and those that the page has already. What a page once had stays attached while the page is there, as its
 * versions may name it; of that, readers read what the page names now, editors everything.
 */
@Injectable()
export class PageFiles {
  constructor(
    private readonly attachments: FileAttachments,
    private readonly pages: PageRepository,
    access: FileAccess,
  ) {
    access.registerAny('page', (actor, page_ids, file_id) => this.mayRead(actor, page_ids, file_id));
  }

  /**
   * Locks the files that a content names and that are the writer's to give; what this answers attaches them. Before any page is locked, as
   * whoever deletes files goes on to pages. `user_id` is whom a system acts for.
   */
  async prepare(actor: Actor, page_id: string, content: string, user_id: string): Promise<Attach> {
    const ids = fileIdsIn(content);
    if (ids.length === 0) return async () => undefined;
    const giver = actor.kind === 'user' ? actor.id : user_id;
    const all = await this.prepareThese(giver, ids, page_id);
    if (all !== null) return all;
    // One that is none of the writer's is a link like any other.
    const some: Attach[] = [];
    for (const id of ids) {
      const one = await this.prepareThese(giver, [id], page_id);
      if (one !== null) some.push(one);
    }
    return async () => {
      for (const attach of some) await attach();
    };
  }

  /** Takes all files off a page that is about to go; once it is locked, as whoever writes it attaches files after that. */
  release(page_id: string): Promise<void> {
    return this.attachments.detach(pageOf(page_id));
  }

  private async prepareThese(giver: string, ids: readonly string[], page_id: string): Promise<Attach | null> {
    try {
      return await this.attachments.prepare(giver, ids, pageOf(page_id));
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNKNOWN_FILE') return null;
      throw error;
    }
  }

  /** True for editors of one of the pages, and for whoever may see one by their credential alone while it names the file. */
  private async mayRead(actor: Actor, page_ids: readonly string[], file_id: string): Promise<boolean> {
    if (actor.kind === 'api_key' && !actor.scopes.includes('pages')) return false;
    return this.pages.isFileReadable(page_ids, file_id, editorOf(actor));
  }
}

/** The files that a content names, each once, in the order in which it names them. */
export function fileIdsIn(content: string): string[] {
  const ids = new Set<string>();
  if (!content.includes('/files/')) return [];
  for (const [, id = ''] of content.matchAll(FILE_URL)) {
    ids.add(id.toLowerCase());
    if (ids.size === MOST_FILES) break;
  }
  return [...ids];
}

function pageOf(id: string): AttachedTo {
  return { kind: 'page', id };
}
