import { Injectable } from '@nestjs/common';
import { isMasked, maskSecret, SecretBox } from '../../platform/crypto/index.js';
import { AppError } from '../../platform/errors/index.js';
import { assertPublicUrl } from '../../platform/outbound/index.js';
import type { TenantAssistantDto, TenantOpenAiDto, TenantTwilioDto } from './tenant-integration.dto.js';
import { secretPlace } from './tenant-integrations.js';
import type { Tenant, TenantAssistant, TenantOpenAi, TenantTwilio } from './tenant.entity.js';

/** What a change of a tenant says of its integrations; what is undefined stays, what is null goes. */
export interface IntegrationChanges {
  openai?: TenantOpenAiDto | null;
  twilio?: TenantTwilioDto | null;
  assistant?: TenantAssistantDto | null;
}

type Integrations = Pick<Tenant, 'openai' | 'twilio' | 'assistant'>;

/** Works out what a tenant's integrations are after a change, with their secrets sealed. */
@Injectable()
export class TenantIntegrationChanges {
  constructor(private readonly box: SecretBox) {}

  /** @throws VALIDATION_FAILED naming the field; `isOperator` may name private addresses */
  apply(before: Integrations & { client_id: string }, changes: IntegrationChanges, isOperator: boolean): Integrations {
    const { client_id } = before;
    return {
      openai: merged(before.openai, changes.openai, (own, change) => this.openAi(client_id, own, change, isOperator)),
      twilio: merged(before.twilio, changes.twilio, (own, change) => this.twilio(client_id, own, change)),
      assistant: merged(before.assistant, changes.assistant, assistant),
    };
  }

  private openAi(client_id: string, own: TenantOpenAi | null, change: TenantOpenAiDto, isOperator: boolean): TenantOpenAi | null {
    const base_url = kept(change.base_url, own?.base_url);
    const is_moved = base_url !== (own?.base_url ?? null);
    const given = this.secret('openai.api_key', client_id, 'openai', change.api_key, own?.api_key_shown);
    const key = given === undefined ? { sealed: own?.api_key ?? null, shown: own?.api_key_shown ?? null } : given;
    if (base_url !== null && key.sealed === null) throw AppError.field('openai.base_url', 'needs an api_key of its own');
    // Whoever may read no key must not have it sent to a server of theirs.
    if (is_moved && given === undefined && key.sealed !== null) {
      throw AppError.field('openai.api_key', 'must be given anew with another base_url');
    }
    if (is_moved && base_url !== null && !isOperator) assertPublic(base_url);
    const after: TenantOpenAi = {
      api_key: key.sealed,
      api_key_shown: key.shown,
      base_url,
      model: kept(change.model, own?.model),
      embedding_model: kept(change.embedding_model, own?.embedding_model),
      whisper_model: kept(change.whisper_model, own?.whisper_model),
      allow_private: base_url !== null && (is_moved ? isOperator : own?.allow_private === true),
    };
    return isEmpty(after) ? null : after;
  }

  private twilio(client_id: string, own: TenantTwilio | null, change: TenantTwilioDto): TenantTwilio {
    const account_sid = change.account_sid ?? own?.account_sid;
    if (account_sid === undefined) throw AppError.field('twilio.account_sid', 'is required');
    const given = this.secret('twilio.auth_token', client_id, 'twilio', change.auth_token ?? undefined, own?.auth_token_shown);
    if (given?.sealed != null && given.shown != null) return { account_sid, auth_token: given.sealed, auth_token_shown: given.shown };
    if (!own) throw AppError.field('twilio.auth_token', 'is required');
    if (account_sid !== own.account_sid) throw AppError.field('twilio.auth_token', 'must be given anew with another account_sid');
    return own;
  }

  /** The sealed form of a secret that is given; undefined where the one before stays. */
  private secret(
    field: string,
    client_id: string,
    integration: 'openai' | 'twilio',
    given: string | null | undefined,
    shown: string | null | undefined,
  ): { sealed: string | null; shown: string | null } | undefined {
    if (given === undefined || (given !== null && given === shown)) return undefined;
    if (given === null) return { sealed: null, shown: null };
    if (isMasked(given)) throw AppError.field(field, 'is the masked form of another secret');
    return { sealed: this.box.seal(given, secretPlace(client_id, integration)), shown: maskSecret(given) };
  }
}

function merged<T, C>(own: T | null, change: C | null | undefined, merge: (own: T | null, change: C) => T | null): T | null {
  if (change === undefined) return own;
  return change === null ? null : merge(own, change);
}

function kept<T>(change: T | null | undefined, own: T | null | undefined): T | null {
  return change === undefined ? (own ?? null) : change;
}

function assistant(own: TenantAssistant | null, change: TenantAssistantDto): TenantAssistant {
  return {
    idle_minutes: kept(change.idle_minutes, own?.idle_minutes),
    history_turns: kept(change.history_turns, own?.history_turns),
    history_hours: kept(change.history_hours, own?.history_hours),
  };
}

function isEmpty({ allow_private: _, ...fields }: TenantOpenAi): boolean {
  return Object.values(fields).every((value) => value === null);
}

/** A literal that is private, or plain http, is refused here; what a name resolves to is looked at when it is connected to. */
function assertPublic(base_url: string): void {
  const url = new URL(base_url);
  if (url.protocol !== 'https:') throw AppError.field('openai.base_url', 'must be an https URL');
  try {
    assertPublicUrl(url);
  } catch (cause) {
    throw new AppError('VALIDATION_FAILED', { cause, details: [{ field: 'openai.base_url', message: 'must not be a private address' }] });
  }
}
