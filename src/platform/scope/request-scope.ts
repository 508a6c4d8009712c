import { AsyncLocalStorage } from 'node:async_hooks';
import type { Actor } from './actor.js';

/** A unit of work that is open in this scope; kept by the database floor alone. */
export interface OpenTransaction {
  /** The database floor's own handle of it. */
  readonly manager: object;
  readonly afterCommit: Array<() => void | Promise<void>>;
}

/**
 * What one request, socket event or job runs in: exactly one tenant, perhaps an actor.
 * `client_id` stays null until the tenant guard has found the tenant; no statement reaches the
 * database before that.
 */
export interface RequestScope {
  client_id: string | null;
  actor: Actor | null;
  readonly request_id: string;
  /** The caller's address, as the trusted proxy tells it. */
  readonly address: string;
  transaction: OpenTransaction | null;
}

/** Thrown where a statement is tried outside any tenant. A defect of ours, so callers see a 500. */
export class ScopeMissingError extends Error {
  constructor(what = 'a statement') {
    super(`No tenant is in scope for ${what}`);
    this.name = 'ScopeMissingError';
  }
}

/** A scope like `scope` but for `changes`. A spread would lose the address, which a request's scope works out when asked. */
export function derivedScope(
  scope: RequestScope,
  changes: Partial<Pick<RequestScope, 'client_id' | 'actor' | 'transaction'>>,
): RequestScope {
  return {
    client_id: scope.client_id,
    actor: scope.actor,
    request_id: scope.request_id,
    get address() {
      return scope.address;
    },
    transaction: scope.transaction,
    ...changes,
  };
}

const storage = new AsyncLocalStorage<RequestScope>();

/** The scope of the running request, socket event or job. */
export const Scope = {
  /** Runs `work` in a scope of its own. */
  run<T>(scope: RequestScope, work: () => T): T {
    return storage.run(scope, work);
  },

  /** Opens a scope for a known tenant: jobs, socket events, start-up work. */
  runAs<T>(client_id: string, work: () => T, request_id = 'internal', actor: Actor | null = null): T {
    return storage.run({ client_id, actor, request_id, address: '', transaction: null }, work);
  },

  /** Runs `work` for another tenant as a part of the same request: what the operator does, who belongs to none. */
  runIn<T>(client_id: string, work: () => T): T {
    return storage.run(derivedScope(Scope.get(), { client_id, transaction: null }), work);
  },

  /** The scope, or undefined outside any. */
  find(): RequestScope | undefined {
    return storage.getStore();
  },

  /** The scope; throws {@link ScopeMissingError} outside any. */
  get(): RequestScope {
    const scope = storage.getStore();
    if (!scope) throw new ScopeMissingError('this call');
    return scope;
  },

  /** The tenant that everything in this scope belongs to; throws {@link ScopeMissingError} where none is bound. */
  clientId(): string {
    const client_id = storage.getStore()?.client_id;
    if (!client_id) throw new ScopeMissingError();
    return client_id;
  },
};
