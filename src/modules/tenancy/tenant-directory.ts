import { Injectable, type OnModuleInit } from '@nestjs/common';
import { BoundedCache } from '../../platform/cache/index.js';
import { Listener } from '../../platform/database/index.js';
import { CLIENT_NAME, Logger } from '../../platform/http/index.js';
import { Scope } from '../../platform/scope/index.js';
import type { Tenant } from './tenant.entity.js';
import { TENANT_CHANNEL, type TenantNotice, TenantRegisterRepository } from './tenant-register.repository.js';

/** What is kept in memory of a tenant. */
export type TenantFacts = Readonly<Tenant>;

/** Told of each tenant that changed, and whether it is gone. */
export type TenantWatcher = (client_id: string, is_deleted: boolean) => void;

interface Entry {
  readonly facts: TenantFacts | null;
  /** When a name that is nobody's is asked for again, in milliseconds since 1970. */
  readonly until: number;
}

const MAX_TENANTS = 20_000;
const MAX_ABSENT = 2_000;
const ABSENT_MS = 5_000;

/**
 * The tenants, in memory, so that no request reads them from the database. A change is told to every node in the
 * transaction that makes it; whatever a node missed while it could not listen is dropped when it listens again.
 */
@Injectable()
export class TenantDirectory implements OnModuleInit {
  private readonly known = new BoundedCache<string, Entry>(MAX_TENANTS);
  private readonly absent = new BoundedCache<string, Entry>(MAX_ABSENT);
  private readonly loading = new Map<string, Promise<TenantFacts | null>>();
  private hosts: ReadonlyMap<string, string> = new Map();
  private readonly watchers = new Set<TenantWatcher>();
  private reading: Promise<void> | null = null;
  private readAgain = false;

  constructor(
    private readonly register: TenantRegisterRepository,
    private readonly listener: Listener,
    private readonly logger: Logger,
  ) {}

  /** Listens first and reads then, so that no change falls between. */
  async onModuleInit(): Promise<void> {
    await this.listener.on(TENANT_CHANNEL, (payload) => void this.hear(payload));
    this.listener.onReconnected(() => this.forgetAll());
    await this.readHosts();
  }

  /** The tenant where memory knows it, null where memory knows that there is none, undefined where {@link find} must ask. */
  peek(client_id: string): TenantFacts | null | undefined {
    const entry = this.known.get(client_id);
    if (entry !== undefined) return entry.facts;
    if (!CLIENT_NAME.test(client_id)) return null;
    const absent = this.absent.get(client_id);
    return absent !== undefined && absent.until > Date.now() ? null : undefined;
  }

  /** The tenant, or null where there is none by that name. */
  async find(client_id: string): Promise<TenantFacts | null> {
    const facts = this.peek(client_id);
    if (facts !== undefined) return facts;
    const running = this.loading.get(client_id);
    if (running) return running;
    const load: Promise<TenantFacts | null> = this.load(client_id, () => this.loading.get(client_id) === load);
    this.loading.set(client_id, load);
    try {
      return await load;
    } finally {
      if (this.loading.get(client_id) === load) this.loading.delete(client_id);
    }
  }

  /** The tenant that owns a host name (without port), or undefined. */
  findByHost(host: string): string | undefined {
    if (this.hosts.size === 0) return undefined;
    const name = host.toLowerCase();
    return this.hosts.get(name.endsWith('.') ? name.slice(0, -1) : name);
  }

  /** The tenant that owns the host name of a web origin, or undefined. */
  findByOrigin(origin: string): string | undefined {
    if (this.hosts.size === 0) return undefined;
    const url = URL.parse(origin);
    return url !== null && /^https?:$/.test(url.protocol) ? this.findByHost(url.hostname) : undefined;
  }

  /** The tenant that owns a phone number (E.164), or null; asks the database. */
  findByPhoneNumber(phone_number: string): Promise<string | null> {
    return this.register.findByPhoneNumber(phone_number);
  }

  /** Calls `handler` when a tenant changed or went, in the turn in which this node forgets what it knew of it. */
  onChanged(handler: TenantWatcher): void {
    this.watchers.add(handler);
  }

  /** Forgets what it knew of a tenant; resolves once the host names are as they are now. */
  changed(client_id: string, is_deleted = false): Promise<void> {
    this.known.delete(client_id);
    this.absent.delete(client_id);
    this.loading.delete(client_id);
    for (const watcher of this.watchers) watcher(client_id, is_deleted);
    return this.readHosts();
  }

  private async hear(payload: string): Promise<void> {
    try {
      const { client_id, is_deleted } = JSON.parse(payload) as TenantNotice;
      await this.changed(client_id, is_deleted);
    } catch (error) {
      this.logger.error({ err: error, payload }, 'the domains of tenants could not be read');
    }
  }

  private async load(client_id: string, isCurrent: () => boolean): Promise<TenantFacts | null> {
    const facts = await Scope.runAs(client_id, () => this.register.findOwn());
    // What changed while it was read is asked for again by whoever comes next.
    if (isCurrent()) {
      if (facts) this.known.set(client_id, { facts, until: Infinity });
      else this.absent.set(client_id, { facts, until: Date.now() + ABSENT_MS });
    }
    return facts;
  }

  private forgetAll(): Promise<void> {
    this.known.clear();
    this.absent.clear();
    this.loading.clear();
    return this.readHosts();
  }

  /** Reads all host names; whoever asks while that runs waits for one more reading, which all of them share. */
  private readHosts(): Promise<void> {
    if (this.reading) this.readAgain = true;
    else this.reading = this.readUntilCurrent();
    return this.reading;
  }

  private async readUntilCurrent(): Promise<void> {
    try {
      do {
        this.readAgain = false;
        const owners = await this.register.domainOwners();
        this.hosts = new Map(owners.map(({ domain, client_id }) => [domain, client_id]));
      } while (this.readAgain);
    } finally {
      this.reading = null;
    }
  }
}
