import { Injectable } from '@nestjs/common';
import { Database, SystemDatabase, TenantRepository } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { Notification } from './notification.entity.js';

const BATCH = 1_000;

/** What the people of the tenant in scope are told. */
@Injectable()
export class NotificationRepository extends TenantRepository<Notification> {
  constructor(
    database: Database,
    private readonly system: SystemDatabase,
  ) {
    super(database, Notification, { columns: ['id'], direction: 'desc' });
  }

  /** Marks somebody's unread ones as read, those named or all; answers how many they were. */
  async markRead(user_id: string, ids: readonly string[] | null): Promise<number> {
    const { rowCount } = await this.database.sqlResult(
      `update notifications set read_at = now()
        where client_id = $1 and user_id = $2 and read_at is null and ($3::uuid[] is null or id = any($3))`,
      [Scope.clientId(), user_id, ids],
    );
    return rowCount ?? 0;
  }

  /** Deletes what is older than so many days, of every tenant, in batches; the counters follow. Answers how many went. */
  async sweep(days: number): Promise<number> {
    let swept = 0;
    for (let gone = BATCH; gone === BATCH; swept += gone) {
      gone = await this.system.cross('sweep', async (sql) => {
        // Counters are locked before their rows, as whoever reads or tells does.
        const owners = await sql<{ client_id: string; user_id: string }>(
          `select u.client_id, u.id as user_id from users u
            where (u.client_id, u.id) in (
              select n.client_id, n.user_id from notifications n where n.created_at < now() - make_interval(days => $1) limit ${BATCH})
            order by u.client_id, u.id for no key update`,
          [days],
        );
        const [row] = await sql<{ count: number }>(
          `with gone as (
             delete from notifications n where (n.client_id, n.id) in (
               select o.client_id, o.id from notifications o join json_to_recordset($2::json) as w(client_id text, user_id uuid)
                 on o.client_id = w.client_id and o.user_id = w.user_id
                where o.created_at < now() - make_interval(days => $1) limit ${BATCH})
             returning n.client_id, n.user_id, n.read_at),
           unread as (select client_id, user_id, count(*)::int as count from gone where read_at is null group by 1, 2),
           counted as (
             update users u set notifications = u.notifications - x.count from unread x where u.client_id = x.client_id and u.id = x.user_id)
           select count(*)::int as count from gone`,
          [days, JSON.stringify(owners)],
        );
        return row?.count ?? 0;
      });
    }
    return swept;
  }
}
