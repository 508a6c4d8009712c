import { describe, expect, it } from '@jest/globals';
import { assertRuntimeRole, Listener, SystemDatabase } from '../../src/platform/database/index.js';
import { newId } from '../../src/platform/ids/index.js';
import { Scope } from '../../src/platform/scope/index.js';
import { add, admin, configFor, log, NoteRepository, useScratchDatabase, withDoor } from './database-door.fixture.js';

useScratchDatabase();

describe('a tenant repository', () => {
  it('narrows every call to its tenant, and no caller can say otherwise', () =>
    withDoor(2, async ({ database }) => {
      const notes = new NoteRepository(database);
      const note = await Scope.runAs('ant', () => notes.insert({ body: 'mine', client_id: 'bee' }));
      expect(note).toMatchObject({ client_id: 'ant', body: 'mine', size: null, created_at: expect.any(Date) });
      await Scope.runAs('bee', async () => {
        expect(await notes.find({ client_id: 'ant' })).toEqual([]);
        expect(await notes.findOne({ id: note.id })).toBeNull();
        expect(await notes.update({ id: note.id }, { body: 'stolen' })).toBe(0);
        expect(await notes.delete({ client_id: 'ant' })).toBe(0);
        expect(await notes.count([{ client_id: 'ant' }, { id: note.id }])).toBe(0);
        expect(await notes.query('note').where('note.client_id = :x', { x: 'ant' }).getMany()).toEqual([]);
        expect(() => notes.query('note').orWhere('true')).toThrow('leave the tenant');
      });
      await Scope.runAs('ant', async () => {
        const patch = { body: 'changed', client_id: 'bee' };
        expect(await notes.update({ id: note.id }, patch)).toBe(1);
        expect(await notes.findOne({ id: note.id })).toMatchObject({ client_id: 'ant', body: 'changed' });
        expect(await notes.delete({ id: note.id })).toBe(1);
      });
    }));

  it('pages by keyset: everything once, in order, while rows are added in front', () =>
    withDoor(2, async ({ database }) => {
      const notes = new NoteRepository(database);
      await Scope.runAs('ant', async () => {
        for (let index = 0; index < 25; index++) await notes.insert({ body: String(index), created_at: new Date(1_000 * (index >> 2)) });
        const seen: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await notes.list({}, { limit: 10, cursor });
          seen.push(...page.items.map((item) => item.body));
          cursor = page.next_cursor ?? undefined;
          await notes.insert({ body: 'new' });
        } while (cursor);
        expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => String(24 - index)));
        const cursorAt = (time: string): string => Buffer.from(JSON.stringify([time, newId()])).toString('base64url');
        const times = ['2026-02-30T00:00:00.000Z', '0000-01-01T00:00:00.000Z', '+010000-01-01T00:00:00.000Z'].map(cursorAt);
        const unknown = Buffer.from('["2026-01-01T00:00:00.000Z","x"]').toString('base64url');
        for (const wrong of ['x', '', 'W10', unknown, 'a'.repeat(5_000), ...times]) {
          await expect(notes.list({}, { cursor: wrong })).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
        }
        await expect(notes.list({}, { limit: 201 })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
      });
    }));
});

describe('a connection that serves requests', () => {
  it('plans a page once, as the small read that it is: no helpers, no compiling', () =>
    withDoor(1, async ({ database }) => {
      const names = ['plan_cache_mode', 'max_parallel_workers_per_gather', 'jit'];
      const rows = await Scope.runAs('ant', () =>
        database.sql<{ setting: string }>('select setting from pg_settings where name = any($1) order by array_position($1, name)', [
          names,
        ]),
      );
      expect(rows.map(({ setting }) => setting)).toEqual(['force_generic_plan', '0', 'off']);
    }));
});

describe('the floor at start', () => {
  it('finds the runtime roles fit, and says so when they are not', async () => {
    await assertRuntimeRole(configFor(1));
    await admin.query('create table door_owned (a int)');
    await admin.query('alter table door_owned owner to kaiwa_system');
    await expect(assertRuntimeRole(configFor(1))).rejects.toThrow('role kaiwa_system owns door_owned');
    await admin.query('drop table door_owned');
  });

  it('crosses tenants by the one named door alone', () =>
    withDoor(1, async ({ database }) => {
      const system = new SystemDatabase(configFor(1), log);
      await Scope.runAs('ant', () => add(database, 'a'));
      await Scope.runAs('bee', () => add(database, 'b'));
      const counted = await system.cross('sweep', (sql) => sql<{ n: number }>('select count(*) as n from door_notes'));
      expect(counted).toEqual([{ n: 2 }]);
      await expect(
        system.cross('sweep', async (sql) => {
          await sql('delete from door_notes');
          throw new Error('no');
        }),
      ).rejects.toThrow('no');
      expect(await system.cross('sweep', (sql) => sql('select 1 as x from door_notes'))).toHaveLength(2);
      expect(system.crossings.get('sweep')).toBe(3);
      await system.close();
    }));

  it('hears notifications, also after its connection was lost', async () => {
    const listener = new Listener(configFor(1), log);
    const heard: string[] = [];
    let back = 0;
    const arrived = async (what: () => boolean): Promise<void> => {
      for (let tries = 0; tries < 200 && !what(); tries++) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    listener.onReconnected(() => void back++);
    await Promise.all([
      listener.on('door_one', (payload) => void heard.push(`one ${payload}`)),
      listener.on('door_two', (payload) => void heard.push(`two ${payload}`)),
    ]);
    await admin.query("select pg_notify('door_one', 'a'), pg_notify('door_two', 'b')");
    await arrived(() => heard.length === 2);
    expect(heard).toEqual(['one a', 'two b']);
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kaiwa:listen' and datname = current_database()",
    );
    await arrived(() => back === 1);
    await admin.query("select pg_notify('door_two', 'c')");
    await arrived(() => heard.length === 3);
    expect(heard.at(-1)).toBe('two c');
    await listener.close();
    expect(listener.connected).toBe(false);
  });

  it('what makes up for missed notifications is tried until it succeeds', async () => {
    const listener = new Listener(configFor(1), log);
    const tries: string[] = [];
    const made = new Promise<void>((resolve) => {
      listener.onReconnected(async () => {
        tries.push('a try');
        await Promise.resolve();
        if (tries.length < 3) throw new Error('The database is busy');
        resolve();
      });
    });
    await listener.on('door_one', () => undefined);
    await admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'kaiwa:listen' and datname = current_database()",
    );
    await made;
    expect(tries).toHaveLength(3);
    await listener.close();
  });
});
