import { Injectable } from '@nestjs/common';
import { hashSecret, newSecret } from '../../platform/crypto/index.js';
import { Database, type Page, type PageRequest } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { EventBus } from '../../platform/events/index.js';
import type { Actor, ApiKeyActor } from '../../platform/scope/index.js';
import type { CreateApiKeyDto } from './api-key.dto.js';
import { ApiKeyRepository } from './api-key.repository.js';
import { type ApiKeyView, type NewApiKeyView, toApiKeyView } from './api-key.view.js';
import { AuditService } from './audit.service.js';
import { assertTenancy } from './tenancy.policy.js';

/** What every key begins with, so that a leaked one can be recognised. */
const PREFIX = 'kw_';
const KEY = /^kw_[A-Za-z0-9_-]{43}$/;

/** Whom a key stands for, and until when. */
export interface VerifiedApiKey {
  readonly actor: ApiKeyActor;
  /** Null for a key that does not end. */
  readonly expires_at: Date | null;
}

/** The keys by which a tenant's systems sign in. */
@Injectable()
export class ApiKeyService {
  constructor(
    private readonly database: Database,
    private readonly keys: ApiKeyRepository,
    private readonly audit: AuditService,
    private readonly events: EventBus,
  ) {}

  /** Makes a key; the answer alone holds it. @throws FORBIDDEN, VALIDATION_FAILED */
  async create(actor: Actor, input: CreateApiKeyDto): Promise<NewApiKeyView> {
    assertTenancy(actor, 'api_keys.manage');
    const expires_at = input.expires_at ? new Date(input.expires_at) : null;
    if (expires_at && expires_at.getTime() <= Date.now()) throw AppError.field('expires_at', 'must be in the future');
    const scopes = [...new Set(input.scopes?.length ? input.scopes : (['phone'] as const))];
    const key = PREFIX + newSecret();
    return this.database.transaction(async () => {
      const made = await this.keys.insert({
        name: input.name,
        scopes,
        key_hash: hashSecret(key),
        created_by: actor.kind === 'user' ? actor.id : null,
        expires_at,
      });
      await this.audit.record(actor, 'api_key.created', 'api_key', made.id, { name: made.name, scopes });
      return { ...toApiKeyView(made), key };
    });
  }

  /** A page of the tenant's keys, newest first. @throws FORBIDDEN, INVALID_CURSOR */
  async list(actor: Actor, page: PageRequest): Promise<Page<ApiKeyView>> {
    assertTenancy(actor, 'api_keys.manage');
    return (await this.keys.list({}, page)).map(toApiKeyView);
  }

  /** Ends a key: here with the answer, on every node within a second. @throws FORBIDDEN, API_KEY_NOT_FOUND */
  async delete(actor: Actor, id: string): Promise<void> {
    assertTenancy(actor, 'api_keys.manage');
    await this.database.transaction(async () => {
      if ((await this.keys.delete({ id })) === 0) throw new AppError('API_KEY_NOT_FOUND');
      await this.audit.record(actor, 'api_key.deleted', 'api_key', id);
      await this.events.announce('api_key.deleting', { id });
    });
  }

  /** Whom a key of the tenant in scope stands for; null for what is none, or has expired. */
  async verify(key: string): Promise<VerifiedApiKey | null> {
    if (!KEY.test(key)) return null;
    const known = await this.keys.findByHash(hashSecret(key));
    if (!known || (known.expires_at && known.expires_at.getTime() <= Date.now())) return null;
    const { id, name, scopes, expires_at } = known;
    return { actor: { kind: 'api_key', id, name, scopes }, expires_at };
  }
}
