import { Injectable } from '@nestjs/common';
import { newId } from '../../platform/ids/index.js';
import { AppError, type ErrorCode } from '../../platform/errors/index.js';
import {
  type CrossingSql,
  Database,
  decodeCursor,
  type Page,
  pageLimit,
  pageOf,
  type PageRequest,
  SystemDatabase,
  sqlState,
} from '../../platform/database/index.js';
import { Scope } from '../../platform/scope/index.js';
import { Tenant } from './tenant.entity.js';

/** What a new tenant's row holds; the rest is the database's. */
export type NewTenant = Omit<Tenant, 'created_at'>;

/** The NOTIFY channel by which nodes hear that a tenant changed or went: its payload is a {@link TenantNotice} as JSON. */
export const TENANT_CHANNEL = 'kaiwa_tenant';
export interface TenantNotice {
  readonly client_id: string;
  readonly is_deleted: boolean;
}

/** A deleted tenant may have millions of rows; a statement is otherwise given seconds. */
const DELETE_TIMEOUT_MS = 600_000;

const COLUMNS =
  'client_id, name, timezone, phone_region, registration, domains, phone_numbers, oidc, openai, twilio, assistant, storage_quota_bytes, matching, created_at';

const TAKEN: Record<string, ErrorCode> = {
  tenant_domains_pkey: 'DOMAIN_TAKEN',
  tenant_phone_numbers_pkey: 'PHONE_NUMBER_TAKEN',
};

/** The tenants, and the registers that stand above them: who owns a host name or a phone number. */
@Injectable()
export class TenantRegisterRepository {
  constructor(
    private readonly database: Database,
    private readonly system: SystemDatabase,
  ) {}

  /** The scope's tenant, or null. With `lock` nobody else changes it until the transaction ends. */
  async findOwn(lock = false): Promise<Tenant | null> {
    const text = `select ${COLUMNS} from tenants where client_id = $1${lock ? ' for update' : ''}`;
    const [tenant] = await this.database.sql<Tenant>(text, [Scope.clientId()]);
    return tenant ?? null;
  }

  /** Makes the scope's tenant; null where there is one by that name. */
  async insertOwn(tenant: NewTenant): Promise<Tenant | null> {
    const [made] = await this.database.sql<Tenant>(
      `insert into tenants (client_id, name, timezone, phone_region, registration, domains, phone_numbers, oidc, openai, twilio, assistant,
                            storage_quota_bytes, matching)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) on conflict (client_id) do nothing returning ${COLUMNS}`,
      [Scope.clientId(), ...cellsOf(tenant)],
    );
    return made ?? null;
  }

  /** Writes the scope's tenant as it is given. */
  async updateOwn(tenant: NewTenant): Promise<Tenant> {
    const [changed] = await this.database.sql<Tenant>(
      `update tenants set name = $2, timezone = $3, phone_region = $4, registration = $5, domains = $6, phone_numbers = $7, oidc = $8,
              openai = $9, twilio = $10, assistant = $11, storage_quota_bytes = $12, matching = $13
         where client_id = $1 returning ${COLUMNS}`,
      [Scope.clientId(), ...cellsOf(tenant)],
    );
    if (!changed) throw new AppError('TENANT_NOT_FOUND');
    return changed;
  }

  /**
   * Makes host names and phone numbers (E.164) the scope's tenant's, and gives back those that it had besides.
   * @throws DOMAIN_TAKEN, PHONE_NUMBER_TAKEN where another tenant owns one
   */
  async claim(domains: readonly string[], numbers: readonly string[]): Promise<void> {
    try {
      await this.claimIn('tenant_domains', 'domain', domains);
      await this.claimIn('tenant_phone_numbers', 'phone_number', numbers);
    } catch (error) {
      const taken = TAKEN[(error as { constraint?: string }).constraint ?? ''];
      throw taken ? new AppError(taken, { cause: error }) : error;
    }
  }

  /** Tells every node, once the transaction commits, that the scope's tenant is not what it was. */
  async notifyOwn(): Promise<void> {
    await this.database.sql('select pg_notify($1, $2)', [TENANT_CHANNEL, noticeOf(Scope.clientId(), false)]);
  }

  /** Notes in the operator's log what the operator did to the scope's tenant. */
  async logOwn(action: string, details: object): Promise<void> {
    const { address, request_id } = Scope.get();
    await this.database.sql(
      'insert into operator_log (id, action, client_id, address, request_id, details) values ($1, $2, $3, $4, $5, $6)',
      [newId(), action, Scope.clientId(), address, request_id, JSON.stringify(details)],
    );
  }

  /** A page of all tenants, by `client_id`. */
  async list(page: PageRequest): Promise<Page<Tenant>> {
    const limit = pageLimit(page.limit);
    const [after] = page.cursor === undefined ? [''] : decodeCursor(page.cursor, ['text']);
    const rows = await this.system.cross('operator', (sql) =>
      sql<Tenant>(`select ${COLUMNS} from tenants where client_id > $1 order by client_id limit $2`, [after, limit + 1]),
    );
    return pageOf(rows, limit, (row) => [row.client_id]);
  }

  /** Deletes a tenant with every row that is its own; false where there is none. The operator's log keeps the fact. */
  async delete(client_id: string): Promise<boolean> {
    const { address, request_id } = Scope.get();
    // What is being written in the tenant meanwhile takes its locks in other orders: PostgreSQL ends one of the two, and it is tried again.
    return retried(() => this.deleteOnce(client_id, address, request_id));
  }

  private deleteOnce(client_id: string, address: string, request_id: string): Promise<boolean> {
    const work = async (sql: CrossingSql): Promise<boolean> => {
      await sql(`select set_config('statement_timeout', $1, true)`, [String(DELETE_TIMEOUT_MS)]);
      const gone = await sql<{ name: string }>('delete from tenants where client_id = $1 returning name', [client_id]);
      const [tenant] = gone;
      if (!tenant) return false;
      await sql('insert into operator_log (id, action, client_id, address, request_id, details) values ($1, $2, $3, $4, $5, $6)', [
        newId(),
        'tenant.deleted',
        client_id,
        address,
        request_id,
        JSON.stringify({ name: tenant.name }),
      ]);
      await sql('select pg_notify($1, $2)', [TENANT_CHANNEL, noticeOf(client_id, true)]);
      return true;
    };
    return this.system.cross('operator', work, { is_long: true });
  }

  /** Every host name that some tenant owns, with its owner. */
  async domainOwners(): Promise<Array<{ domain: string; client_id: string }>> {
    return this.system.cross('tenant-directory', (sql) =>
      sql<{ domain: string; client_id: string }>('select domain, client_id from tenant_domains'),
    );
  }

  /** The tenant that owns a phone number (E.164), or null. */
  async findByPhoneNumber(phone_number: string): Promise<string | null> {
    const [row] = await this.system.cross('tenant-directory', (sql) =>
      sql<{ client_id: string }>('select client_id from tenant_phone_numbers where phone_number = $1', [phone_number]),
    );
    return row?.client_id ?? null;
  }

  private async claimIn(table: 'tenant_domains' | 'tenant_phone_numbers', column: string, values: readonly string[]): Promise<void> {
    const client_id = Scope.clientId();
    const wanted = [...new Set(values)].sort();
    await this.database.sql(`delete from ${table} where client_id = $1 and not ${column} = any($2::text[])`, [client_id, wanted]);
    await this.database.sql(
      `insert into ${table} (client_id, ${column})
       select $1, wanted from unnest($2::text[]) as wanted
        where not exists (select from ${table} held where held.client_id = $1 and held.${column} = wanted)`,
      [client_id, wanted],
    );
  }
}

/** The scope's tenant's cells, in the order of the statements above. */
function cellsOf({ name, timezone, phone_region, registration, domains, phone_numbers, ...rest }: NewTenant): unknown[] {
  const json = [rest.oidc, rest.openai, rest.twilio, rest.assistant].map((value) => value && JSON.stringify(value));
  const { storage_quota_bytes, matching } = rest;
  const settings = [...json, storage_quota_bytes, JSON.stringify(matching)];
  return [name, timezone, phone_region, registration, domains, phone_numbers, ...settings];
}

const MOST_TRIES = 8;

async function retried<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= MOST_TRIES || sqlState(error) !== '40P01') throw error;
    }
  }
}

function noticeOf(client_id: string, is_deleted: boolean): string {
  return JSON.stringify({ client_id, is_deleted } satisfies TenantNotice);
}
