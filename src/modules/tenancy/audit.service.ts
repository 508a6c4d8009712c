import { Injectable } from '@nestjs/common';
import type { Page } from '../../platform/database/index.js';
import { type Actor, Scope } from '../../platform/scope/index.js';
import type { AuditLogQuery } from './audit.dto.js';
import { type AuditEntry, AuditRepository } from './audit.repository.js';
import type { AuditEntryView } from './audit.view.js';
import { assertTenancy } from './tenancy.policy.js';

/** Who did what to which object, when and from where. */
@Injectable()
export class AuditService {
  constructor(private readonly entries: AuditRepository) {}

  /**
   * Notes an act, in the transaction that is open: what did not happen is not noted. `action` is an event's name
   * (`api_key.created`); `details` never hold a secret.
   */
  async record(
    actor: Actor | null,
    action: string,
    object_type: string,
    object_id: string | null,
    details: Record<string, unknown> = {},
  ): Promise<void> {
    const { address, request_id } = Scope.get();
    await this.entries.insert({
      actor_kind: actor?.kind ?? 'anonymous',
      actor_id: actor?.id ?? null,
      action,
      object_type,
      object_id,
      address: address || null,
      request_id,
      details,
    });
  }

  /** A page of the tenant's log, newest first. @throws FORBIDDEN, INVALID_CURSOR */
  async list(actor: Actor, query: AuditLogQuery): Promise<Page<AuditEntryView>> {
    assertTenancy(actor, 'audit_log.read');
    return (await this.entries.list(query, query)).map(toView);
  }
}

function toView({ at, actor_kind, actor_id, ...entry }: AuditEntry): AuditEntryView {
  return { ...entry, at: at.toISOString(), actor: { kind: actor_kind, id: actor_id } };
}
