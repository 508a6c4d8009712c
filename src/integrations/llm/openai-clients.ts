import type { OpenAI } from 'openai';
import type { RequestInit } from 'undici';
import { BoundedCache } from '../../platform/cache/index.js';
import { assertPublicUrl, guardedLookup, LazyAgent, loadUndici } from '../../platform/outbound/index.js';
import type { ModelAccount } from './language-model.port.js';

/** How patient the connection is; the libraries' own patience is minutes. */
export interface Patience {
  /** Until the connection stands. */
  readonly connect_ms: number;
  /** Until the answer begins. */
  readonly first_byte_ms: number;
  /** Between two pieces of an answer. */
  readonly idle_ms: number;
}

export const PATIENCE: Patience = { connect_ms: 3_000, first_byte_ms: 15_000, idle_ms: 15_000 };

export const OPENAI_URL = 'https://api.openai.com/v1';

const MOST_CLIENTS = 500;
/** What one answer may weigh on the wire. */
const MOST_BYTES = 16 * 1024 * 1024;

type Fetch = (url: string | URL | Request, init?: object) => Promise<Response>;

/** The package; it weighs 30 MB and takes a quarter of a second, so it is loaded where it is needed alone. */
export function loadPackage(): Promise<typeof import('openai')> {
  return import('openai');
}

/**
 * What every client of the package is given: what is left out it would take from the environment by itself, and would send to any base
 * URL; retries and logs are ours.
 */
export const OWN_MANNERS = {
  adminAPIKey: null,
  organization: null,
  project: null,
  webhookSecret: null,
  logLevel: 'off',
  maxRetries: 0,
} as const;

/** Makes the package's clients and keeps them: one for each key and base URL. Tenants' own base URLs are reached by a guarded way. */
export class OpenAiClients {
  private readonly clients = new BoundedCache<string, OpenAI>(MOST_CLIENTS);
  private readonly agents: readonly [LazyAgent, LazyAgent];
  private readonly open: Fetch;
  private readonly guarded: Fetch;

  constructor(private readonly patience: Patience = PATIENCE) {
    const { connect_ms, first_byte_ms, idle_ms } = patience;
    const common = { headersTimeout: first_byte_ms, bodyTimeout: idle_ms, maxResponseSize: MOST_BYTES, keepAliveTimeout: 30_000 };
    const open = new LazyAgent({ ...common, connect: { timeout: connect_ms } });
    const guarded = new LazyAgent({ ...common, connect: { timeout: connect_ms, lookup: guardedLookup } });
    this.agents = [open, guarded];
    this.open = fetchBy(open, () => undefined);
    this.guarded = fetchBy(guarded, assertPublicUrl);
  }

  /** The client for an account. */
  async of(account: ModelAccount): Promise<OpenAI> {
    const base_url = account.base_url || OPENAI_URL;
    const key = `${String(account.allow_private)} ${base_url} ${account.api_key}`;
    const known = this.clients.get(key);
    if (known) return known;
    const { OpenAI } = await loadPackage();
    const client = new OpenAI({
      apiKey: account.api_key,
      baseURL: base_url,
      ...OWN_MANNERS,
      timeout: this.patience.first_byte_ms,
      fetch: account.allow_private ? this.open : this.guarded,
    });
    this.clients.set(key, client);
    return client;
  }

  /** Ends the connections. */
  async close(): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.destroy()));
  }
}

/** undici's fetch by an agent of ours, and no redirect is followed: an answer comes from the server that the key is for, or not at all. */
function fetchBy(agent: LazyAgent, check: (url: URL) => void): Fetch {
  return async (url, init = {}) => {
    const target = new URL(url instanceof Request ? url.url : url);
    check(target);
    const { fetch } = await loadUndici();
    const given = init as RequestInit;
    try {
      return await fetch(target, { ...given, redirect: 'error', dispatcher: await agent.get() });
    } catch (error) {
      // The package knows its own time-out by this name, of an Error alone: what undici throws then is not one in every realm.
      if (given.signal?.aborted) throw Object.assign(new Error('The request was given up', { cause: error }), { name: 'AbortError' });
      throw error;
    }
  };
}
