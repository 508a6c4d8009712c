import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { TenantEntity } from '../../../platform/database/index.js';
import type { SettingKind } from './setting-values.js';

/** One version of one of the assistant's settings; the highest is the current one, and none is ever changed. */
@Entity('settings_versions')
export class SettingVersion extends TenantEntity {
  @PrimaryColumn('text')
  kind: SettingKind;

  @PrimaryColumn('integer')
  version: number;

  @Column('jsonb')
  value: object;

  @CreateDateColumn({ type: 'timestamptz', precision: 3 })
  created_at: Date;

  /** Whoever wrote it: a user's or an API key's id, or `operator`. */
  @Column('text')
  created_by: string;
}
