import { Injectable } from '@nestjs/common';
import { SystemDatabase } from '../../../platform/database/index.js';
import { Logger } from '../../../platform/http/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { assistantSettings } from '../../tenancy/index.js';
import { CallLog } from './call-log.js';

const BATCH = 500;
/** The most that one sweep ends, so that it ends itself. */
const MOST_BATCHES = 20;
/** A phone call is over when the provider says so; where that word is lost, after this long without a turn. */
const PHONE_IDLE_MINUTES = 240;

interface IdleCall {
  readonly client_id: string;
  readonly id: string;
  readonly idle_minutes: number;
}

const IDLE = `
  select c.client_id, c.id, i.idle_minutes from calls c
  join tenants t on t.client_id = c.client_id
  cross join lateral (
    select greatest(coalesce((t.assistant ->> 'idle_minutes')::int, $1), case when c.call_sid is null then 0 else ${PHONE_IDLE_MINUTES} end)
        as idle_minutes) i
  where c.status in ('ringing', 'in_progress') and c.phone_key is not null and c.active_at < now() - make_interval(mins => i.idle_minutes)
  order by c.active_at limit ${BATCH}`;

/** Ends calls in which nobody has said anything for long, in every tenant, so that what follows a call follows these too. */
@Injectable()
export class IdleCallSweeper {
  constructor(
    private readonly system: SystemDatabase,
    private readonly log: CallLog,
    private readonly logger: Logger,
  ) {}

  /** Ends idle calls, each in its tenant's scope; answers how many it went through. */
  async sweep(): Promise<number> {
    let swept = 0;
    for (let round = 0; round < MOST_BATCHES; round++) {
      const idle = await this.system.cross('sweep', (sql) => sql<IdleCall>(IDLE, [assistantSettings(null).idle_minutes]));
      const ended = await Promise.all(idle.map((call) => this.end(call)));
      swept += idle.length;
      // Calls that cannot be ended would be found again and again.
      if (idle.length < BATCH || !ended.includes(true)) break;
    }
    return swept;
  }

  private async end({ client_id, id, idle_minutes }: IdleCall): Promise<boolean> {
    try {
      await Scope.runAs(client_id, () => this.log.endIdle(id, idle_minutes));
      return true;
    } catch (error) {
      this.logger.warn({ err: error, client_id, call_id: id }, 'an idle call could not be ended');
      return false;
    }
  }
}
