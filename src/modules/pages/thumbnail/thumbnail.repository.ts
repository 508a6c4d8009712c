import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';

/** What is to be drawn. */
export interface Drawable {
  readonly content: string;
  readonly rev: number;
}

/** What pages of the tenant in scope look like. */
@Injectable()
export class ThumbnailRepository {
  constructor(private readonly database: Database) {}

  /** The page as it is now, or null where it is gone or drawn already. */
  async findUndrawn(page_id: string): Promise<Drawable | null> {
    const [row] = await this.database.sql<Drawable>(
      `select p.content, p.rev from pages p
        where p.client_id = $1 and p.id = $2
          and not exists (select from page_thumbnails t where t.client_id = p.client_id and t.page_id = p.id and t.rev >= p.rev)`,
      [Scope.clientId(), page_id],
    );
    return row ?? null;
  }

  /** Keeps a picture (Base64; null where none could be made), unless that of a later state is there already or the page is gone. */
  async keep(page_id: string, rev: number, image: string | null): Promise<void> {
    await this.database.sql(
      `insert into page_thumbnails (client_id, page_id, rev, image)
       select client_id, id, $3, $4 from pages where client_id = $1 and id = $2 for key share
       on conflict (client_id, page_id) do update set rev = excluded.rev, image = excluded.image where page_thumbnails.rev <= excluded.rev`,
      [Scope.clientId(), page_id, rev, image],
    );
  }
}
