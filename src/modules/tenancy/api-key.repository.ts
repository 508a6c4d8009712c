import { Injectable } from '@nestjs/common';
import { Database, TenantRepository } from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import { ApiKey } from './api-key.entity.js';

/** What a key's hash leads to. */
export type KnownKey = Pick<ApiKey, 'id' | 'name' | 'scopes' | 'expires_at'>;

@Injectable()
export class ApiKeyRepository extends TenantRepository<ApiKey> {
  constructor(database: Database) {
    super(database, ApiKey);
  }

  async findByHash(key_hash: string): Promise<KnownKey | null> {
    const [key] = await this.database.sql<KnownKey>(
      'select id, name, scopes, expires_at from api_keys where client_id = $1 and key_hash = $2',
      [Scope.clientId(), key_hash],
    );
    return key ?? null;
  }
}
