import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '../../../platform/database/index.js';
import { EventBus } from '../../../platform/events/index.js';
import { Jobs } from '../../../platform/jobs/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { GRACE_MS, RING_MS, RingService } from './ring.service.js';

declare module '../../../platform/jobs/index.js' {
  interface JobPayloads {
    'call.miss': { call_id: string };
    'call.end_deserted': { call_id: string; user_id: string };
  }
}

/** The most that one check looks after, so that it ends. */
const MOST_AT_ONCE = 1_000;

/** What becomes of calls between users when nobody does anything: they are missed, deserted, or their account ends. */
@Injectable()
export class RingLifecycle {
  constructor(
    jobs: Jobs,
    events: EventBus,
    rings: RingService,
    private readonly system: SystemDatabase,
    private readonly queue: Jobs,
  ) {
    jobs.define('call.miss', { scope: 'tenant', handler: ({ call_id }) => rings.miss(call_id) });
    jobs.define('call.end_deserted', { scope: 'tenant', handler: ({ call_id, user_id }) => rings.endDeserted(call_id, user_id) });
    jobs.cron('calls.check', '* * * * *', () => this.check());
    events.during('users.disconnected', ({ user_ids }) => rings.leave(user_ids));
    events.during('user.deleting', ({ id }) => rings.endAllOf(id));
  }

  /**
   * Looks after calls that their own jobs have left behind: a node may end between seeing a socket go and asking for the grace, and a job
   * may be given up.
   */
  private async check(): Promise<void> {
    const { overdue, deserted } = await this.system.cross('sweep', async (sql) => ({
      overdue: await sql<{ client_id: string; call_id: string }>(
        `select distinct p.client_id, p.call_id from call_parties p join calls c on c.client_id = p.client_id and c.id = p.call_id
          where c.status = 'ringing' and c.started_at < now() - make_interval(secs => $1) limit ${MOST_AT_ONCE}`,
        [(RING_MS + GRACE_MS) / 1_000],
      ),
      deserted: await sql<{ client_id: string; call_id: string; user_id: string }>(
        `select p.client_id, p.call_id, p.user_id from call_parties p join calls c on c.client_id = p.client_id and c.id = p.call_id
          where c.status = 'in_progress'
            and not exists (select from sockets s where s.client_id = p.client_id and s.user_id = p.user_id) limit ${MOST_AT_ONCE}`,
      ),
    }));
    for (const { client_id, call_id } of overdue) {
      await Scope.runAs(client_id, () => this.queue.enqueue('call.miss', { call_id }, { key: call_id, key_mode: 'preserve_run_at' }));
    }
    const run_at = new Date(Date.now() + GRACE_MS);
    for (const { client_id, call_id, user_id } of deserted) {
      const key = `${call_id}/${user_id}`;
      await Scope.runAs(client_id, () =>
        this.queue.enqueue('call.end_deserted', { call_id, user_id }, { run_at, key, key_mode: 'preserve_run_at' }),
      );
    }
  }
}
