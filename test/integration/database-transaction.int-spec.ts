import { describe, expect, it } from '@jest/globals';
import { v7 as uuidv7 } from 'uuid';
import { MAX_WAITING } from '../../src/platform/database/scoped-driver.js';
import { Scope } from '../../src/platform/scope/index.js';
import { add, admin, count, errors, Note, settingLeft, useScratchDatabase, withDoor } from './database-door.fixture.js';

useScratchDatabase();

describe('a transaction', () => {
  it('commits as one, joins when nested, and runs what waits for the commit in order', () =>
    withDoor(2, async ({ database, pool }) => {
      const order: string[] = [];
      await Scope.runAs('ant', async () => {
        const answer = await database.transaction(async () => {
          await add(database, 'one');
          database.afterCommit(() => void order.push('first'));
          await database.transaction(async () => {
            await database.repository(Note).insert({ client_id: 'ant', id: uuidv7(), body: 'two' });
            database.afterCommit(async () => {
              order.push(`second sees ${await count(database)}`);
            });
            database.afterCommit(() => {
              throw new Error('told to nobody but the log');
            });
          });
          database.afterCommit(() => void order.push('third'));
          expect(await Scope.runAs('ant', () => count(database))).toBe(0);
          expect(order).toEqual([]);
          return 42;
        });
        expect(answer).toBe(42);
        expect(order).toEqual(['first', 'second sees 2', 'third']);
        expect(errors).toHaveLength(1);
        database.afterCommit(() => void order.push('at once'));
        await Promise.resolve();
        expect(order.at(-1)).toBe('at once');
      });
      expect(await settingLeft(pool)).toBeFalsy();
    }));

  it('rolls back whole, and what waits for the commit does not run', () =>
    withDoor(1, async ({ database, pool }) => {
      await Scope.runAs('ant', async () => {
        const ran: string[] = [];
        await expect(
          database.transaction(async () => {
            await add(database, 'x');
            database.afterCommit(() => void ran.push('no'));
            throw new Error('changed my mind');
          }),
        ).rejects.toThrow('changed my mind');
        // A statement failed, was caught, and the work went on: PostgreSQL has rolled back, so it must not look committed.
        await expect(
          database.transaction(async () => {
            await add(database, 'x');
            await database.sql('select 1 / 0').catch(() => undefined);
            database.afterCommit(() => void ran.push('no'));
          }),
        ).rejects.toThrow('The transaction was rolled back');
        await expect(database.transaction(() => database.sql('select 1 / 0'))).rejects.toMatchObject({ code: '22012' });
        expect(ran).toEqual([]);
        expect(await count(database)).toBe(0);
      });
      expect(await settingLeft(pool)).toBeFalsy();
      expect(pool.totalCount).toBe(1);
    }));

  it("refuses another tenant's statement, and one that comes after its end", () =>
    withDoor(1, async ({ database }) => {
      let late: (() => Promise<unknown>) | undefined;
      await Scope.runAs('ant', () =>
        database.transaction(async () => {
          const mine = Scope.get();
          await expect(Scope.run({ ...mine, client_id: 'bee' }, () => count(database))).rejects.toThrow("another tenant's");
          await expect(Scope.run({ ...mine, client_id: 'bee' }, () => database.repository(Note).find())).rejects.toThrow(
            "another tenant's",
          );
          late = () => Scope.run(mine, () => count(database));
        }),
      );
      await expect(late!()).rejects.toThrow('is over');
    }));

  it('takes savepoints: a nested failure keeps the tenant', () =>
    withDoor(1, async ({ database }) => {
      await Scope.runAs('ant', async () => {
        await database.transaction(async () => {
          await expect(
            database.manager.transaction(async (inner) => {
              await inner.getRepository(Note).insert({ client_id: 'ant', id: uuidv7(), body: 'lost' });
              throw new Error('inner');
            }),
          ).rejects.toThrow('inner');
          await add(database, 'kept');
        });
        expect(await count(database)).toBe(1);
      });
    }));

  it('runs again where PostgreSQL asks for it, only if told so', () =>
    withDoor(2, async ({ database }) => {
      let tries = 0;
      const work = async (): Promise<void> => {
        tries++;
        await database.sql("do $$ begin raise exception 'deadlock' using errcode = '40P01'; end $$");
      };
      await expect(Scope.runAs('ant', () => database.transaction(work))).rejects.toMatchObject({ code: '40P01' });
      expect(tries).toBe(1);
      await expect(Scope.runAs('ant', () => database.transaction(work, { retry: true }))).rejects.toMatchObject({ code: '40P01' });
      expect(tries).toBe(4);
    }));
});

describe('a lost backend', () => {
  it('fails what ran on it, and the next statement works', () =>
    withDoor(1, async ({ database }) => {
      await Scope.runAs('ant', async () => {
        const pid = async (): Promise<number> => (await database.sql<{ pid: number }>('select pg_backend_pid() as pid'))[0]!.pid;
        const first = await pid();
        const sleeping = expect(database.sql('select pg_sleep(10)')).rejects.toMatchObject({ code: '57P01' });
        await admin.query('select pg_sleep(0.05), pg_terminate_backend($1)', [first]);
        await sleeping;
        const second = await pid();
        expect(second).not.toBe(first);
        const torn = expect(
          database.transaction(async () => {
            await add(database, 'x');
            await admin.query('select pg_terminate_backend($1), pg_sleep(0.05)', [second]);
            await add(database, 'y');
          }),
        ).rejects.toThrow();
        await torn;
        expect(await count(database)).toBe(0);
        await admin.query('select pg_terminate_backend($1)', [await pid()]);
        await admin.query('select pg_sleep(0.05)');
        expect(await count(database)).toBe(0);
        await database.ping();
      });
    }));

  it('keeps no connection on which a transaction was left open', () =>
    withDoor(1, async ({ database, pool, dataSource }) => {
      await Scope.runAs('ant', async () => {
        const runner = dataSource.createQueryRunner();
        await runner.startTransaction();
        await runner.query('select 1');
        await runner.release();
      });
      expect(await Scope.runAs('bee', () => count(database))).toBe(0);
      expect(await settingLeft(pool)).toBeFalsy();
    }));

  it('refuses callers beyond the waiting line, at once', () =>
    withDoor(1, async ({ database, pool }) => {
      const client = await pool.connect();
      const waiting = Array.from({ length: MAX_WAITING }, () => Scope.runAs('ant', () => database.sql('select 1')));
      await expect(Scope.runAs('ant', () => database.sql('select 1'))).rejects.toMatchObject({ code: 'OVERLOADED' });
      client.release();
      await Promise.all(waiting);
    }));
});
