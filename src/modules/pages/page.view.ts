import { ApiProperty } from '@nestjs/swagger';
import { ACCESS_TYPES, type AccessType } from './page.entity.js';
import type { PageVersion } from './page-version.entity.js';
import type { VersionHead } from './page-version.repository.js';
import type { PageRow, WholePage } from './page.repository.js';

/** A page as lists show it to its creator and co-editors. */
export class PageSummaryView {
  /**
   * The page's id
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * The title
   * @example '夏のご案内'
   */
  title: string;

  /** Who may see it: 0 everybody, 1 who knows the password, 2 the listed users only */
  @ApiProperty({ type: 'integer', enum: [...ACCESS_TYPES], example: 1 })
  access_type: AccessType;

  /**
   * What readers must know of a page of access type 1, for its creator and co-editors; null where it has none, and for systems
   * @example 'himitsu-7'
   */
  @ApiProperty({ type: String, nullable: true })
  password: string | null;

  /** Users who may see a page of access type 2 */
  @ApiProperty({ type: String, isArray: true, format: 'uuid', example: ['019ac1f0-7b1e-7c3a-9d5e-0123456789ad'] })
  allowed_user_ids: string[];

  /** Users who may read and write it as its creator does */
  @ApiProperty({ type: String, isArray: true, format: 'uuid', example: [] })
  co_editor_user_ids: string[];

  /**
   * Who made it
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ac'
   */
  @ApiProperty({ format: 'uuid' })
  creator_id: string;

  /**
   * What it looks like: WebP of 320 × 180 pixels in Base64; null until it is made
   * @example 'UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA='
   */
  @ApiProperty({ type: String, nullable: true, contentEncoding: 'base64', contentMediaType: 'image/webp' } as object)
  thumbnail: string | null;

  /**
   * When it was made
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /**
   * When it was last written
   * @example '2026-11-20T09:30:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  updated_at: string;
}

/** A page as its creator and co-editors see it. */
export class PageView extends PageSummaryView {
  /**
   * The page itself: HTML
   * @example '<h1>夏のご案内</h1><p>8月10日から休業いたします。</p>'
   */
  content: string;
}

/** A page as it is delivered. */
export class DeliveredPageView {
  /**
   * The page itself: HTML
   * @example '<h1>夏のご案内</h1><p>8月10日から休業いたします。</p>'
   */
  content: string;
}

/** One of a page's versions, without its words. */
export class PageVersionSummaryView {
  /**
   * Its number; 1 for the page as it was made
   * @example 2
   */
  @ApiProperty({ type: 'integer', minimum: 1 })
  version: number;

  /**
   * The title then
   * @example '夏のご案内'
   */
  title: string;

  /**
   * Who wrote it; null for a system
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ac'
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  created_by: string | null;

  /**
   * When it was written
   * @example '2026-11-20T09:30:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

/** One of a page's versions. */
export class PageVersionView extends PageVersionSummaryView {
  /**
   * The page as it was
   * @example '<h1>夏のご案内</h1>'
   */
  content: string;
}

/** The page for its editors, with its password unsealed. */
export function toPageSummaryView(row: PageRow, password: string | null): PageSummaryView {
  return {
    id: row.id,
    title: row.title,
    access_type: row.access_type,
    password,
    allowed_user_ids: row.allowed_user_ids,
    co_editor_user_ids: row.co_editor_user_ids,
    creator_id: row.creator_id,
    thumbnail: row.thumbnail,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

export function toPageView(page: WholePage, password: string | null): PageView {
  const { id, title, ...rest } = toPageSummaryView(page, password);
  return { id, title, content: page.content, ...rest };
}

export function toVersionSummaryView({ version, title, created_by, created_at }: VersionHead): PageVersionSummaryView {
  return { version, title, created_by, created_at: created_at.toISOString() };
}

export function toVersionView(version: PageVersion): PageVersionView {
  return { ...toVersionSummaryView(version), content: version.content };
}
