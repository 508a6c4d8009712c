import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { newSecret, PasswordHasher } from '../../platform/crypto/index.js';
import { Database, type Page, type PageRequest } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { EventBus } from '../../platform/events/index.js';
import { assertPublicUrl } from '../../platform/outbound/index.js';
import { type Actor, Scope } from '../../platform/scope/index.js';
import { AuditService } from './audit.service.js';
import { phoneKey } from './phone-number.js';
import { assertTenancy } from './tenancy.policy.js';
import { TenantDirectory, type TenantFacts } from './tenant-directory.js';
import { hostName } from './tenant-fields.js';
import { TenantIntegrationChanges } from './tenant-integration-changes.js';
import { changedMatching } from './tenant-matching.js';
import { type NewTenant, TenantRegisterRepository } from './tenant-register.repository.js';
import type { ChangeAnyTenantDto, ChangeTenantDto, CreateTenantDto, TenantOidcDto } from './tenant.dto.js';
import type { Tenant, TenantOidc } from './tenant.entity.js';

const DEFAULT_TIMEZONE = 'Asia/Tokyo';
const DEFAULT_PHONE_REGION = 'JP';

/** The owner of the default tenant, as the first start tells it; the password is nowhere else. */
export interface FirstOwner {
  readonly client_id: string;
  readonly username: string;
  readonly email: string;
  readonly password: string;
}

const FIRST_OWNER = { username: 'owner', email: 'owner@localhost.localdomain' } as const;

/** Makes, changes and deletes tenants. */
@Injectable()
export class TenantService {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly register: TenantRegisterRepository,
    private readonly directory: TenantDirectory,
    private readonly audit: AuditService,
    private readonly events: EventBus,
    private readonly hasher: PasswordHasher,
    private readonly integrations: TenantIntegrationChanges,
  ) {}

  /**
   * Makes the tenant `DEFAULT_CLIENT_ID` where there is none. Answers its owner's password, once: null to every later start,
   * and to all but one of several nodes that start together.
   */
  async ensureDefault(): Promise<FirstOwner | null> {
    const client_id = this.config.env.DEFAULT_CLIENT_ID;
    if (await this.directory.find(client_id)) return null;
    const password = newSecret().slice(0, 24);
    const password_hash = await this.hasher.hash(password);
    const owner = { ...FIRST_OWNER, password_hash };
    const tenant = await Scope.runAs(client_id, () => this.make(null, newTenant({ client_id, name: 'Default' }), owner));
    return tenant && { client_id, ...FIRST_OWNER, password };
  }

  /** Makes a tenant with its owner. @throws FORBIDDEN, CLIENT_ID_TAKEN, DOMAIN_TAKEN, PHONE_NUMBER_TAKEN */
  async create(actor: Actor, input: CreateTenantDto): Promise<Tenant> {
    assertTenancy(actor, 'tenants.manage');
    const tenant = newTenant(input);
    if (await this.directory.find(tenant.client_id)) throw new AppError('CLIENT_ID_TAKEN');
    // Before the transaction, which must not stay open while this waits for its turn.
    const password_hash = await this.hasher.hash(input.owner.password);
    const { username, email } = input.owner;
    const made = await Scope.runIn(tenant.client_id, () => this.make(actor, tenant, { username, email, password_hash }));
    if (!made) throw new AppError('CLIENT_ID_TAKEN');
    return made;
  }

  /** A page of all tenants, by `client_id`. @throws FORBIDDEN, INVALID_CURSOR */
  async list(actor: Actor, page: PageRequest): Promise<Page<Tenant>> {
    assertTenancy(actor, 'tenants.manage');
    return this.register.list(page);
  }

  /** The caller's tenant. @throws FORBIDDEN */
  async getOwn(actor: Actor): Promise<TenantFacts> {
    assertTenancy(actor, 'tenant.read');
    const tenant = await this.directory.find(Scope.clientId());
    if (!tenant) throw new AppError('TENANT_NOT_FOUND');
    return tenant;
  }

  /** Changes what is named of the caller's tenant. @throws FORBIDDEN, PHONE_NUMBER_TAKEN */
  async changeOwn(actor: Actor, changes: ChangeTenantDto): Promise<Tenant> {
    assertTenancy(actor, 'tenant.change');
    return this.change(actor, changes);
  }

  /** Changes what is named of any tenant. @throws FORBIDDEN, TENANT_NOT_FOUND, DOMAIN_TAKEN, PHONE_NUMBER_TAKEN */
  async changeAny(actor: Actor, client_id: string, changes: ChangeAnyTenantDto): Promise<Tenant> {
    assertTenancy(actor, 'tenants.manage');
    return Scope.runIn(client_id, () => this.change(actor, changes));
  }

  /** Deletes a tenant and everything that is its own. @throws FORBIDDEN, TENANT_NOT_FOUND, DEFAULT_TENANT */
  async delete(actor: Actor, client_id: string): Promise<void> {
    assertTenancy(actor, 'tenants.manage');
    if (client_id === this.config.env.DEFAULT_CLIENT_ID) throw new AppError('DEFAULT_TENANT');
    if (!(await this.register.delete(client_id))) throw new AppError('TENANT_NOT_FOUND');
    await this.directory.changed(client_id, true);
    this.events.publish('tenant.deleted', { client_id });
  }

  /** Runs in the new tenant's scope: the tenant, its owner and what other modules give it come together or not at all. */
  private make(
    actor: Actor | null,
    input: NewTenant,
    owner: { username: string; email: string; password_hash: string },
  ): Promise<Tenant | null> {
    const { client_id } = input;
    const numbers = phoneKeys(input);
    return this.database.transaction(async () => {
      const tenant = await this.register.insertOwn(input);
      if (!tenant) return null;
      await this.register.claim(input.domains, numbers);
      await this.events.announce('tenant.creating', { client_id, owner });
      await this.audit.record(actor, 'tenant.created', 'tenant', client_id);
      await this.register.logOwn('tenant.created', { name: tenant.name, owner: owner.username });
      await this.told();
      return tenant;
    });
  }

  private change(actor: Actor, changes: ChangeAnyTenantDto): Promise<Tenant> {
    const isOperator = actor.kind === 'operator';
    const oidc = changes.oidc && toOidc(changes.oidc, isOperator);
    return this.database.transaction(async () => {
      const before = await this.register.findOwn(true);
      if (!before) throw new AppError('TENANT_NOT_FOUND');
      const after: NewTenant = {
        client_id: before.client_id,
        name: changes.name ?? before.name,
        timezone: changes.timezone ?? before.timezone,
        phone_region: changes.phone_region ?? before.phone_region,
        registration: changes.registration ?? before.registration,
        domains: changes.domains ? hostNames(changes.domains) : before.domains,
        phone_numbers: changes.phone_numbers ?? before.phone_numbers,
        oidc: oidc === undefined ? before.oidc : oidc,
        ...this.integrations.apply(before, changes, isOperator),
        storage_quota_bytes: changes.storage_quota_bytes === undefined ? before.storage_quota_bytes : changes.storage_quota_bytes,
        matching: changedMatching(before.matching, changes.matching ?? {}),
      };
      const numbers = phoneKeys(after);
      const tenant = await this.register.updateOwn(after);
      await this.register.claim(after.domains, numbers);
      const fields = Object.keys(changes).filter((field) => changes[field as keyof ChangeAnyTenantDto] !== undefined);
      await this.audit.record(actor, 'tenant.changed', 'tenant', before.client_id, { fields });
      if (isOperator) await this.register.logOwn('tenant.changed', { fields });
      await this.told();
      return tenant;
    });
  }

  /** Every node hears of it with the commit; this one has forgotten the old before the caller has the answer. */
  private async told(): Promise<void> {
    const client_id = Scope.clientId();
    await this.register.notifyOwn();
    this.database.afterCommit(() => this.directory.changed(client_id));
  }
}

function newTenant(input: Pick<CreateTenantDto, 'client_id' | 'name'> & Partial<CreateTenantDto>): NewTenant {
  return {
    client_id: input.client_id,
    name: input.name,
    timezone: input.timezone ?? DEFAULT_TIMEZONE,
    phone_region: input.phone_region ?? DEFAULT_PHONE_REGION,
    registration: input.registration ?? 'open',
    domains: hostNames(input.domains ?? []),
    phone_numbers: input.phone_numbers ?? [],
    oidc: input.oidc ? toOidc(input.oidc, true) : null,
    openai: null,
    twilio: null,
    assistant: null,
    storage_quota_bytes: input.storage_quota_bytes ?? null,
    matching: {},
  };
}

/** Checked by the body's rules before. */
function hostNames(domains: readonly string[]): string[] {
  return [...new Set(domains.map(hostName).filter((domain) => domain !== null))];
}

/** The tenant's numbers as they are compared. @throws VALIDATION_FAILED naming those that are none in its region */
function phoneKeys({ phone_numbers, phone_region }: NewTenant): string[] {
  return phone_numbers.map((number) => {
    const key = phoneKey(number, phone_region);
    if (key === null) throw AppError.field('phone_numbers', `${number} is not a phone number in ${phone_region}`);
    return key;
  });
}

/** Only the operator may have this server ask a private address for keys. @throws VALIDATION_FAILED */
function toOidc({ issuer, audience }: TenantOidcDto, isOperator: boolean): TenantOidc {
  if (!isOperator) {
    const url = new URL(issuer);
    if (url.protocol !== 'https:') throw AppError.field('oidc.issuer', 'must be an https URL');
    try {
      assertPublicUrl(url);
    } catch (cause) {
      throw new AppError('VALIDATION_FAILED', { cause, details: [{ field: 'oidc.issuer', message: 'must not be a private address' }] });
    }
  }
  return { issuer, audience: [...new Set(audience)], allow_private: isOperator };
}
