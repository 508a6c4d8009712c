import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { SecretBox } from '../../platform/crypto/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Scope } from '../../platform/scope/index.js';
import { TenantDirectory, type TenantFacts } from './tenant-directory.js';
import type { TenantAssistant } from './tenant.entity.js';

/** Whose account it is: the tenant's own, or the installation's. */
export type IntegrationSource = 'tenant' | 'environment';

/** How a model is reached. */
export interface OpenAiSettings {
  readonly source: IntegrationSource;
  readonly api_key: string;
  readonly base_url: string;
  readonly model: string;
  /** Null where meanings are not compared by a model. */
  readonly embedding_model: string | null;
  readonly whisper_model: string;
  /** True where the operator named the base URL: then it may stand at a private address. */
  readonly allow_private: boolean;
}

/** How the telephone provider is reached. */
export interface TwilioSettings {
  readonly source: IntegrationSource;
  readonly account_sid: string;
  readonly auth_token: string;
  /** The REST API's, without a slash at the end; always the operator's to name. */
  readonly base_url: string;
}

/** How the assistant treats calls. */
export interface AssistantSettings {
  readonly idle_minutes: number;
  readonly history_turns: number;
  readonly history_hours: number;
}

const ASSISTANT_DEFAULTS: AssistantSettings = { idle_minutes: 30, history_turns: 20, history_hours: 168 };

/** A tenant's settings of the assistant, with the defaults filled in. */
export function assistantSettings(own: TenantAssistant | null): AssistantSettings {
  return {
    idle_minutes: own?.idle_minutes ?? ASSISTANT_DEFAULTS.idle_minutes,
    history_turns: own?.history_turns ?? ASSISTANT_DEFAULTS.history_turns,
    history_hours: own?.history_hours ?? ASSISTANT_DEFAULTS.history_hours,
  };
}

/** Where a tenant's sealed secret belongs; see `SecretBox`. */
export const secretPlace = (client_id: string, integration: 'openai' | 'twilio'): string => `${client_id}/${integration}`;

interface Opened {
  openai?: OpenAiSettings | null;
  twilio?: TwilioSettings | null;
}

/**
 * How the scope's tenant reaches the outside: its own settings, else the installation's. It reads memory alone once the directory
 * knows the tenant; a change takes hold on every node as the directory hears of it.
 */
@Injectable()
export class TenantIntegrations {
  /** Opened secrets live as long as the facts that they were opened from. */
  private readonly opened = new WeakMap<TenantFacts, Opened>();

  constructor(
    private readonly config: Config,
    private readonly directory: TenantDirectory,
    private readonly box: SecretBox,
  ) {}

  /** How the model is reached; null where neither the tenant nor the installation has a key. */
  async openai(): Promise<OpenAiSettings | null> {
    const facts = await this.facts();
    const known = this.openedOf(facts);
    if (known.openai === undefined) known.openai = this.openOpenAi(facts);
    return known.openai;
  }

  /** How the telephone provider is reached; null where neither the tenant nor the installation has an account. */
  async twilio(): Promise<TwilioSettings | null> {
    const facts = await this.facts();
    const known = this.openedOf(facts);
    if (known.twilio === undefined) known.twilio = this.openTwilio(facts);
    return known.twilio;
  }

  /** How the assistant treats calls. */
  async assistant(): Promise<AssistantSettings> {
    return assistantSettings((await this.facts()).assistant);
  }

  private async facts(): Promise<TenantFacts> {
    const facts = await this.directory.find(Scope.clientId());
    if (!facts) throw new AppError('UNKNOWN_CLIENT');
    return facts;
  }

  private openedOf(facts: TenantFacts): Opened {
    let known = this.opened.get(facts);
    if (!known) {
      known = {};
      this.opened.set(facts, known);
    }
    return known;
  }

  private openOpenAi({ client_id, openai: own }: TenantFacts): OpenAiSettings | null {
    const { env } = this.config;
    const sealed = own?.api_key ?? null;
    const api_key = sealed === null ? env.OPENAI_API_KEY : this.box.open(sealed, secretPlace(client_id, 'openai'));
    if (api_key === undefined) return null;
    // The installation's key goes to the installation's server alone.
    const base_url = (sealed === null ? null : own?.base_url) ?? null;
    return {
      source: sealed === null ? 'environment' : 'tenant',
      api_key,
      base_url: (base_url ?? env.OPENAI_BASE_URL).replace(/\/+$/, ''),
      model: own?.model ?? env.OPENAI_MODEL,
      embedding_model: own?.embedding_model ?? env.OPENAI_EMBEDDING_MODEL ?? null,
      whisper_model: own?.whisper_model ?? env.WHISPER_MODEL,
      allow_private: base_url === null || own?.allow_private === true,
    };
  }

  private openTwilio({ client_id, twilio: own }: TenantFacts): TwilioSettings | null {
    const { env } = this.config;
    const base_url = env.TWILIO_API_BASE_URL.replace(/\/+$/, '');
    if (own) {
      const auth_token = this.box.open(own.auth_token, secretPlace(client_id, 'twilio'));
      return { source: 'tenant', account_sid: own.account_sid, auth_token, base_url };
    }
    if (env.TWILIO_ACCOUNT_SID === undefined || env.TWILIO_AUTH_TOKEN === undefined) return null;
    return { source: 'environment', account_sid: env.TWILIO_ACCOUNT_SID, auth_token: env.TWILIO_AUTH_TOKEN, base_url };
  }
}
