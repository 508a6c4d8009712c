import { Column, Entity, PrimaryColumn } from 'typeorm';
import { TenantEntity } from '../../platform/database/index.js';

/** What a page said after one of its writes. */
@Entity('page_versions')
export class PageVersion extends TenantEntity {
  @PrimaryColumn('uuid')
  page_id: string;

  /** 1 for the page as it was made. */
  @PrimaryColumn('integer')
  version: number;

  @Column('text')
  title: string;

  @Column('text')
  content: string;

  /** Who wrote it; null for a system. */
  @Column('uuid', { nullable: true })
  created_by: string | null;

  @Column({ type: 'timestamptz', precision: 3 })
  created_at: Date;
}
