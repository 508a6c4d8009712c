import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { v7 as uuidv7 } from 'uuid';
import { Scope, ScopeMissingError } from '../../src/platform/scope/index.js';
import { add, admin, bytesWritten, count, Note, settingLeft, useScratchDatabase, withDoor } from './database-door.fixture.js';

const TENANTS = ['ant', 'bee', 'cat'] as const;

useScratchDatabase();

describe('a statement outside a transaction', () => {
  it('sees and writes the rows of its tenant, and leaves nothing bound after success or error', () =>
    withDoor(1, async ({ database, pool }) => {
      await Scope.runAs('ant', () => add(database, 'of the ant'));
      expect(await settingLeft(pool)).toBeFalsy();
      expect(await Scope.runAs('ant', () => count(database))).toBe(1);
      expect(await Scope.runAs('bee', () => count(database))).toBe(0);
      await expect(Scope.runAs('ant', () => database.sql('select 1 / 0'))).rejects.toMatchObject({ code: '22012' });
      expect(await settingLeft(pool)).toBeFalsy();
      await expect(Scope.runAs('ant', () => database.sql('selec 1'))).rejects.toMatchObject({ code: '42601' });
      await expect(Scope.runAs('ant', () => database.sql('select $1::int', ['x']))).rejects.toMatchObject({ code: '22P02' });
      expect(await settingLeft(pool)).toBeFalsy();
      expect(await Scope.runAs('ant', () => count(database))).toBe(1);
      expect(pool.totalCount).toBe(1);
    }));

  it('throws without a tenant in scope, and nothing reaches the wire', () =>
    withDoor(1, async ({ database, pool, dataSource }) => {
      const before = await bytesWritten(pool);
      await expect(database.sql('select 1')).rejects.toBeInstanceOf(ScopeMissingError);
      await expect(dataSource.query('select 1')).rejects.toThrow('No tenant is in scope');
      await expect(dataSource.getRepository(Note).find()).rejects.toThrow('No tenant is in scope');
      await expect(pool.query('select 1')).rejects.toBeInstanceOf(ScopeMissingError);
      await expect(database.transaction(() => Promise.resolve())).rejects.toBeInstanceOf(ScopeMissingError);
      const unbound = { client_id: null, actor: null, request_id: 'r', address: '', transaction: null };
      await expect(Scope.run(unbound, () => database.sql('select 1'))).rejects.toBeInstanceOf(ScopeMissingError);
      expect(await bytesWritten(pool)).toBe(before);
    }));

  it('refuses what would change the session, the role or the tenant of a shared connection', () =>
    withDoor(1, async ({ database, pool }) => {
      const before = await bytesWritten(pool);
      for (const text of [
        'set role postgres',
        ' /* x */ set role none',
        'reset role',
        'discard all',
        'prepare x as select 1',
        'listen x',
        'begin',
        'start transaction',
        'commit and chain',
        "set local app.client_id = 'bee'",
        "select set_config('app.client_id', 'bee', true)",
        'select 1 -- \0',
      ]) {
        await expect(Scope.runAs('ant', () => database.sql(text))).rejects.toThrow(/refused|opened by transaction/);
      }
      await expect(Scope.runAs('ant', () => database.sql('select 1', new Array(65_536).fill(1)))).rejects.toThrow('refused');
      expect(await bytesWritten(pool)).toBe(before);
      await expect(Scope.runAs('ant', () => database.sql('select 1; select 2'))).rejects.toMatchObject({ code: '42601' });
    }));

  it('cannot insert a row of another tenant, nor move one there', () =>
    withDoor(1, async ({ database }) => {
      await expect(Scope.runAs('ant', () => add(database, 'x', 'bee'))).rejects.toMatchObject({ code: '42501' });
      await Scope.runAs('ant', () => add(database, 'x'));
      await expect(Scope.runAs('ant', () => database.sql("update door_notes set client_id = 'bee'"))).rejects.toMatchObject({
        code: '42501',
      });
      expect((await Scope.runAs('bee', () => database.sqlResult('delete from door_notes'))).rowCount).toBe(0);
      await expect(Scope.runAs('ant', () => database.sql('truncate door_notes'))).rejects.toMatchObject({ code: '42501' });
    }));

  it('reads columns as they are promised', () =>
    withDoor(1, async ({ database }) => {
      const text = `select 9007199254740991::int8 as int8, array[1, null]::int8[] as int8s, 1.10::numeric as numeric, date '2026-02-03' as date,
        timestamp '2026-02-03 04:05:06' as wall, timestamptz '2026-02-03 04:05:06.789+09' as at, timestamptz '0099-02-03 04:05:06 BC' as old,
        timestamptz '2026-02-03 04:05:06Z' as whole, timestamptz '12026-02-03 04:05:06Z' as far, timestamptz 'infinity' as never, '{"a":1}'::jsonb as json`;
      for (let time = 0; time < 4; time++) {
        const [row] = await Scope.runAs('ant', () => database.sql(text));
        expect(row).toMatchObject({
          int8: Number.MAX_SAFE_INTEGER,
          int8s: [1, null],
          numeric: '1.10',
          date: '2026-02-03',
          wall: '2026-02-03 04:05:06',
          at: new Date('2026-02-02T19:05:06.789Z'),
          whole: new Date('2026-02-03T04:05:06Z'),
          never: Infinity,
          json: { a: 1 },
        });
        expect((row!['far'] as Date).getUTCFullYear()).toBe(12026);
        expect((row!['old'] as Date).getUTCFullYear()).toBe(-98);
      }
      await expect(Scope.runAs('ant', () => database.sql('select 9007199254740993::int8 as x'))).rejects.toBeInstanceOf(RangeError);
      expect((await Scope.runAs('ant', () => database.sqlResult("select 1 as x where $1 = 'b'", ['a']))).fields).toHaveLength(1);
    }));

  it('is parsed once per connection, and survives a change of the table that it reads', () =>
    withDoor(1, async ({ database, pool }) => {
      await admin.query('create table if not exists door_loose (a int)');
      await admin.query('grant select on door_loose to kaiwa_app');
      await admin.query('insert into door_loose values (1)');
      const read = (): Promise<unknown[]> => Scope.runAs('ant', () => database.sql('select * from door_loose'));
      for (let time = 0; time < 10; time++) expect(await read()).toEqual([{ a: 1 }]);
      const prepared = await Scope.runAs('ant', () =>
        database.sql<{ statement: string; times: number }>(
          'select statement, generic_plans + custom_plans as times from pg_prepared_statements',
        ),
      );
      // The first sight of a text runs unnamed; from the second on it is prepared.
      expect(prepared.find(({ statement }) => statement === 'select * from door_loose')?.times).toBe(9);
      await admin.query('alter table door_loose add b int');
      expect(await read()).toEqual([{ a: 1, b: null }]);
      await admin.query('alter table door_loose rename b to c');
      // In a transaction it cannot be sent again: the transaction fails, and the next one works.
      const within = (): Promise<unknown[]> =>
        Scope.runAs('ant', () => database.transaction(() => database.sql('select * from door_loose')));
      await expect(within()).rejects.toMatchObject({ code: '0A000' });
      expect(await within()).toEqual([{ a: 1, c: null }]);
      expect(await read()).toEqual([{ a: 1, c: null }]);
      expect(pool.totalCount).toBe(1);
      await admin.query('drop table door_loose');
    }));
});

describe('two tenants on one connection', () => {
  it('stay apart through 200 statements at once', () =>
    withDoor(1, async ({ database, pool }) => {
      await Promise.all(
        Array.from({ length: 200 }, (_, index) => Scope.runAs(index % 2 ? 'ant' : 'bee', () => add(database, String(index)))),
      );
      const seen = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          Scope.runAs(index % 2 ? 'ant' : 'bee', () =>
            index % 7 === 0
              ? database.sql('select 1 / 0').then(
                  () => 'no error',
                  () => 'error',
                )
              : database
                  .sql<{ client_id: string; n: number }>('select client_id, count(*) as n from door_notes group by client_id')
                  .then((rows) => rows.map(({ client_id, n }) => `${client_id} ${n}`).join()),
          ),
        ),
      );
      expect(seen).toEqual(seen.map((_, index) => (index % 7 === 0 ? 'error' : index % 2 ? 'ant 100' : 'bee 100')));
      expect(pool.totalCount).toBe(1);
      expect(await settingLeft(pool)).toBeFalsy();
    }));

  it('stay apart whatever the order of reads, writes, errors and transactions', () =>
    withDoor(2, async ({ database, pool }) => {
      const step = fc.record({
        tenant: fc.constantFrom(...TENANTS),
        act: fc.constantFrom('add', 'read', 'error', 'refused', 'commit', 'rollback', 'failed commit', 'orm'),
      });
      const act: Record<string, () => Promise<number>> = {
        add: () => add(database, 'x').then(() => 1),
        read: () =>
          database.sql<{ client_id: string }>('select client_id from door_notes').then((rows) => {
            for (const row of rows) expect(row.client_id).toBe(Scope.clientId());
            return 0;
          }),
        error: () =>
          database.sql('select 1 / 0').then(
            () => NaN,
            () => 0,
          ),
        refused: () =>
          add(database, 'x', 'dog').then(
            () => NaN,
            () => 0,
          ),
        commit: () => database.transaction(async () => void (await Promise.all([add(database, 'x'), add(database, 'y')]))).then(() => 2),
        rollback: () =>
          database
            .transaction(async () => {
              await add(database, 'x');
              throw new Error('no');
            })
            .catch(() => 0),
        'failed commit': () =>
          database
            .transaction(async () => {
              await add(database, 'x');
              await database.sql('select 1 / 0').catch(() => undefined);
            })
            .then(
              () => NaN,
              () => 0,
            ),
        orm: () =>
          database
            .repository(Note)
            .insert({ client_id: Scope.clientId(), id: uuidv7(), body: 'orm' })
            .then(() => 1),
      };
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          await admin.query('delete from door_notes');
          const added = await Promise.all(steps.map(({ tenant, act: what }) => Scope.runAs(tenant, () => act[what]!())));
          for (const tenant of TENANTS) {
            const expected = added.reduce((sum, n, index) => (steps[index]!.tenant === tenant ? sum + n : sum), 0);
            expect(await Scope.runAs(tenant, () => count(database))).toBe(expected);
          }
          expect(await settingLeft(pool)).toBeFalsy();
        }),
        { numRuns: 150 },
      );
    }));
});
