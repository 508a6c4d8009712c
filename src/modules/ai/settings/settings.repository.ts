import { Injectable } from '@nestjs/common';
import { Database, type Page, type PageRequest, TenantRepository } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { SettingVersion } from './setting.entity.js';
import type { SettingKind } from './setting-values.js';

/** Tells every node that a tenant's setting changed: `<client_id>/<kind>`. */
export const SETTINGS_CHANNEL = 'kaiwa_settings';

/** Versions that are kept of each setting. */
export const MOST_VERSIONS = 500;

/** The versions of the settings of the tenant in scope. */
@Injectable()
export class SettingsRepository extends TenantRepository<SettingVersion> {
  constructor(database: Database) {
    super(database, SettingVersion, { columns: ['version'], direction: 'desc' });
  }

  /** The current version, or null before the first. */
  findCurrent(kind: SettingKind): Promise<SettingVersion | null> {
    return this.findOne({ kind }, { order: { version: 'desc' } });
  }

  /** A page of versions, newest first. */
  versions(kind: SettingKind, page: PageRequest): Promise<Page<SettingVersion>> {
    return this.list({ kind }, page);
  }

  /** Holds the setting to the end of the transaction, so that versions follow each other. */
  async lock(kind: SettingKind): Promise<void> {
    await this.database.sql("select pg_advisory_xact_lock(hashtext('kaiwa_settings'), hashtext($1))", [`${Scope.clientId()}/${kind}`]);
  }

  /** Adds the next version, lets go of the oldest beyond {@link MOST_VERSIONS}, and tells every node with the commit. */
  async add(kind: SettingKind, version: number, value: object, created_by: string): Promise<SettingVersion> {
    const client_id = Scope.clientId();
    const row = await this.insert({ kind, version, value, created_by });
    await this.database.sql('delete from settings_versions where client_id = $1 and kind = $2 and version <= $3', [
      client_id,
      kind,
      version - MOST_VERSIONS,
    ]);
    await this.database.sql('select pg_notify($1, $2)', [SETTINGS_CHANNEL, `${client_id}/${kind}`]);
    return row;
  }
}
