import { Injectable } from '@nestjs/common';
import { AppError } from '../../platform/errors/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { type AttachedTo, FileAccess, FileAttachments } from '../files/index.js';
import { ACCESS } from './page.entity.js';
import { canEdit } from './page.policy.js';
import { PageRepository } from './page.repository.js';

/** Files that one page names at most; further ones are not attached. */
const MOST_FILES = 100;
const FILE_URL = /\/files\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9a-z-])/gi;

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
    access.register('page', (actor, page_id, file_id) => this.mayRead(actor, page_id, file_id));
  }

  /**
   * The files that a content names and that are the writer's to give; nobody deletes them until the transaction ends. Before any page is
   * locked, as whoever deletes files goes on to pages. `user_id` is whom a system acts for.
   */
  async hold(actor: Actor, page_id: string, content: string, user_id: string): Promise<string[]> {
    const ids = fileIdsIn(content);
    if (ids.length === 0 || (await this.isHeld(actor, ids, page_id, user_id))) return ids;
    // One that is none of the writer's is a link like any other.
    const held: string[] = [];
    for (const id of ids) if (await this.isHeld(actor, [id], page_id, user_id)) held.push(id);
    return held;
  }

  /** Attaches files that are held. */
  attach(actor: Actor, page_id: string, file_ids: readonly string[], user_id: string): Promise<void> {
    return this.attachments.attach(actor, file_ids, pageOf(page_id), { user_id });
  }

  /** Takes all files off a page that is about to go; before it is locked. */
  release(page_id: string): Promise<void> {
    return this.attachments.detach(pageOf(page_id));
  }

  private async isHeld(actor: Actor, ids: readonly string[], page_id: string, user_id: string): Promise<boolean> {
    try {
      await this.attachments.hold(actor, ids, pageOf(page_id), { user_id });
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNKNOWN_FILE') return false;
      throw error;
    }
  }

  /** True for its editors, and for whoever may see the page by their credential alone while it names the file. */
  private async mayRead(actor: Actor, page_id: string, file_id: string): Promise<boolean> {
    if (actor.kind === 'api_key' && !actor.scopes.includes('pages')) return false;
    const page = await this.pages.findNaming(page_id, file_id);
    if (page === null) return false;
    if (canEdit(actor, page)) return true;
    if (!page.is_named) return false;
    return page.access_type === ACCESS.open || (page.access_type === ACCESS.listed && page.allowed_user_ids.includes(actor.id));
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
