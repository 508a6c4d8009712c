import { setTimeout as pause } from 'node:timers/promises';
import type { SystemDatabase } from './system-database.js';

/** The first half of the locks' key; the second one is made of the node's id. */
const LOCKS = 0x6b61_6977;
/** A node whose connection broke is back well before the second look. */
export const LOOK_AGAIN_MS = 1_500;
/** After a start of the database, nodes that live may need so long to come back. */
export const COME_BACK_S = 8;

/**
 * Says that a node lives, for as long as the connection stands that runs it: where the process ends, however it ends, PostgreSQL lets the lock
 * go. It is a shared one, so that a node may say so on several connections and never waits for another one.
 */
export const LIVE_SQL = `select pg_advisory_lock_shared(${LOCKS}, hashtext($1))`;

/** SQL that is true where nobody says that the node of that id lives. Ids whose hashes meet count as living while one of them does. */
export function isGoneSql(node_id: string): string {
  return `not exists (
    select from pg_locks l
     where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = ${LOCKS}::oid and l.objid = hashtext(${node_id})::oid
       and l.database = (select oid from pg_database where datname = current_database()))`;
}

/** Which nodes of this installation are gone: known at once where a process was killed, since its connections ended with it. */
export class NodeLives {
  constructor(
    private readonly system: SystemDatabase,
    /** This node's own id. */
    private readonly node_id: string,
  ) {}

  /**
   * Those of these ids whose nodes are gone. It looks twice, some time apart, so that a connection that is being made anew counts as life; and
   * where `is_patient`, not before a database that has just started has been there long enough for every node to come back.
   */
  async gone(node_ids: readonly string[], { is_patient = true } = {}): Promise<string[]> {
    const others = [...new Set(node_ids)].filter((id) => id !== this.node_id);
    if (others.length === 0) return [];
    const { absent, up_s } = await this.look(others);
    if (absent.length === 0) return [];
    await pause(Math.max(LOOK_AGAIN_MS, is_patient ? (COME_BACK_S - up_s) * 1_000 : 0), undefined, { ref: false });
    return (await this.look(absent)).absent;
  }

  private async look(node_ids: readonly string[]): Promise<{ absent: string[]; up_s: number }> {
    const [seen] = await this.system.cross('node-liveness', (sql) =>
      sql<{ absent: string[]; up_s: number }>(
        `select array(select n.id from unnest($1::text[]) as n (id) where ${isGoneSql('n.id')}) as absent,
                extract(epoch from now() - pg_postmaster_start_time())::float8 as up_s`,
        [node_ids],
      ),
    );
    return seen ?? { absent: [], up_s: 0 };
  }
}
