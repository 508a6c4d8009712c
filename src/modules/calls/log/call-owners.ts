import { Injectable } from '@nestjs/common';
import { Database, SystemDatabase } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';

interface LoggedCall {
  readonly call_sid: string;
  readonly phone_number: string | null;
  readonly is_signed: boolean;
}

/**
 * Whose the phone calls of an account are that several tenants use: the operator's. A call is a tenant's where its log has it, unless
 * the provider itself, by a signed request, has told of it to another tenant: anybody can write any sid into their own log.
 */
@Injectable()
export class CallOwners {
  constructor(
    private readonly database: Database,
    private readonly system: SystemDatabase,
  ) {}

  /** Those of the calls that are the scope's tenant's, each with its number as it came. */
  async own(call_sids: readonly string[]): Promise<Map<string, string | null>> {
    const logged = await this.logged(call_sids);
    const claimed = logged.filter(({ is_signed }) => !is_signed).map(({ call_sid }) => call_sid);
    const others = claimed.length === 0 ? new Set<string>() : await this.signedForOthers(claimed);
    return new Map(logged.filter(({ call_sid }) => !others.has(call_sid)).map(({ call_sid, phone_number }) => [call_sid, phone_number]));
  }

  /** Those of the calls that the scope's tenant's log has, whoever wrote them there, each with its number. */
  async logged(call_sids: readonly string[]): Promise<LoggedCall[]> {
    return this.database.sql<LoggedCall>(
      'select call_sid, phone_number, is_signed from calls where client_id = $1 and call_sid = any($2::text[])',
      [Scope.clientId(), [...new Set(call_sids)]],
    );
  }

  /** The tenant to which the provider has told of a call, or null. Outside any tenant's scope. */
  async findSigned(call_sid: string): Promise<string | null> {
    const rows = await this.system.cross('tenant-directory', (sql) =>
      sql<{ client_id: string }>('select client_id from signed_call_sids where call_sid = $1 limit 2', [call_sid]),
    );
    return rows.length === 1 ? (rows[0]?.client_id ?? null) : null;
  }

  private async signedForOthers(call_sids: readonly string[]): Promise<Set<string>> {
    const client_id = Scope.clientId();
    const rows = await this.system.cross('call-owner', (sql) =>
      sql<{ call_sid: string }>('select distinct call_sid from signed_call_sids where call_sid = any($1::text[]) and client_id <> $2', [
        call_sids,
        client_id,
      ]),
    );
    return new Set(rows.map(({ call_sid }) => call_sid));
  }
}
