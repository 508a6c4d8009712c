import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../platform/database/index.js';

/** A file that a user owns; its bytes lie in the storage under `object_key`. */
@Entity('files')
export class StoredFile extends IdentifiedEntity {
  @Column('uuid')
  owner_id: string;

  /** Safe to be a file's name anywhere. */
  @Column('text')
  name: string;

  @Column('bigint')
  size: number;

  /** Read from the bytes. */
  @Column('text')
  content_type: string;

  /** Hexadecimal. */
  @Column('text')
  sha256: string;

  @Column('text')
  object_key: string;

  /** The widths in which a smaller variant of the image is kept. */
  @Column('int', { array: true })
  variants: number[];
}
