import { ApiProperty } from '@nestjs/swagger';
import { API_SCOPES, type ApiScope } from '../../platform/scope/index.js';
import type { ApiKey } from './api-key.entity.js';

/** An API key, without the key. */
export class ApiKeyView {
  /**
   * Its id
   * @example '019ac1f0-8c2f-7d4b-8e6f-0123456789ab'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * What it is for
   * @example 'phone desk'
   */
  name: string;

  /** What it may do */
  @ApiProperty({ enum: API_SCOPES, enumName: 'ApiScope', isArray: true, example: ['phone'] })
  scopes: ApiScope[];

  /**
   * When it ends; null for never
   * @example '2027-12-01T00:00:00.000Z'
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expires_at: string | null;

  /**
   * Who made it
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  created_by: string | null;

  /**
   * When it was made
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

/** A new API key, with the key: shown this once. */
export class NewApiKeyView extends ApiKeyView {
  /**
   * The key; it cannot be shown again
   * @example 'kw_3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'
   */
  key: string;
}

export function toApiKeyView({ id, name, scopes, expires_at, created_by, created_at }: ApiKey): ApiKeyView {
  return { id, name, scopes, expires_at: expires_at?.toISOString() ?? null, created_by, created_at: created_at.toISOString() };
}
