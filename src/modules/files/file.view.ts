import { ApiProperty } from '@nestjs/swagger';
import type { StoredFile } from './stored-file.entity.js';

/** A file. */
export class FileView {
  /**
   * Names it from now on
   * @example '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * What it is called, made safe to save under
   * @example '見積書.pdf'
   */
  name: string;

  /**
   * In bytes
   * @example 48213
   */
  @ApiProperty({ type: 'integer' })
  size: number;

  /**
   * Its media type, read from the bytes
   * @example 'application/pdf'
   */
  content_type: string;

  /**
   * SHA-256 of the bytes, hexadecimal
   * @example 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
   */
  sha256: string;

  /**
   * When it was stored
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

/** A link that serves without a credential. */
export class FileLinkView {
  /**
   * Where the file is read by GET
   * @example 'https://kaiwa.example.com/files/0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10/shared?token=tokyo-salon.1795435200.c2lnbmF0dXJl'
   */
  url: string;

  /**
   * Until when
   * @example '2026-11-20T10:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  expires_at: string;
}

export function toFileView({ id, name, size, content_type, sha256, created_at }: StoredFile): FileView {
  return { id, name, size, content_type, sha256, created_at: created_at.toISOString() };
}
