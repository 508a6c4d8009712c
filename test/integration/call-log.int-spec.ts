import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Config, readEnvironment } from '../../src/platform/config/index.js';
import { SecretBox } from '../../src/platform/crypto/index.js';
import { makeDataSource, START_SCOPE } from '../../src/platform/database/data-source.factory.js';
import { Database, type Listener, SystemDatabase } from '../../src/platform/database/index.js';
import { EventBus } from '../../src/platform/events/index.js';
import type { Logger } from '../../src/platform/http/index.js';
import { newId } from '../../src/platform/ids/index.js';
import { Scope } from '../../src/platform/scope/index.js';
import { Call, CallLog, IdleCallSweeper, PhoneNumbers } from '../../src/modules/calls/index.js';
import { CallRepository } from '../../src/modules/calls/log/call.repository.js';
import { TENANCY_ENTITIES, TenantDirectory, TenantIntegrations } from '../../src/modules/tenancy/index.js';
import { TenantRegisterRepository } from '../../src/modules/tenancy/tenant-register.repository.js';
import { createDatabase, type TestDatabase } from '../support/database.js';
import { sql } from '../support/sql.js';

const ANT = 'ant';
const BEE = 'bee';
const NUMBER = '090-1234-5678';

let home: TestDatabase;
let database: Database;
let system: SystemDatabase;
let log: CallLog;
let events: EventBus;
const failures: string[] = [];

const logger = { error: (_context: object, message: string) => failures.push(message) } as unknown as Logger;
const inAnt = <T>(work: () => Promise<T>): Promise<T> => Scope.runAs(ANT, work);
const inBee = <T>(work: () => Promise<T>): Promise<T> => Scope.runAs(BEE, work);

beforeAll(async () => {
  home = await createDatabase();
  const secret = 'only-for-tests-'.repeat(3);
  const env = readEnvironment({ DATABASE_URL: home.url, JWT_SECRET: secret, ENCRYPTION_KEY: secret, DATABASE_POOL_SIZE: '8' });
  const config = new Config(env, { url: home.url, migration_url: home.url }, [secret], [secret], 'test');
  const faults = { error: (message: string) => failures.push(message) };
  const source = makeDataSource(config, [...TENANCY_ENTITIES, Call]);
  await Scope.runAs(START_SCOPE, () => source.initialize());
  database = new Database(source, faults);
  system = new SystemDatabase(config, faults);
  const listener = { on: async () => () => undefined, onReconnected: () => undefined } as unknown as Listener;
  const directory = new TenantDirectory(new TenantRegisterRepository(database, system), listener, logger);
  const numbers = new PhoneNumbers(directory);
  events = new EventBus(database, logger);
  const integrations = new TenantIntegrations(config, directory, new SecretBox(config));
  log = new CallLog(database, new CallRepository(database), numbers, integrations, events);
  for (const client_id of [ANT, BEE]) {
    await sql(
      home.url,
      `insert into tenants (client_id, name, timezone, phone_region, registration, assistant) values ($1, $1, 'Asia/Tokyo', 'JP', 'open', $2)`,
      [client_id, client_id === BEE ? JSON.stringify({ idle_minutes: 5 }) : null],
    );
  }
}, 60_000);

afterAll(async () => {
  await database.close();
  await system.close();
  await home.drop();
  expect(failures).toEqual([]);
});

beforeEach(() => sql(home.url, 'delete from calls'));

describe('the place of a turn', () => {
  it('is a new call, and then that one, whatever the spelling of its number', async () => {
    const first = await inAnt(() => log.place({ phone_number: NUMBER }));
    expect(first).toMatchObject({ is_new: true, phone_number: NUMBER, status: 'in_progress' });
    expect(await inAnt(() => log.get(first.call_id))).toMatchObject({ direction: 'text', phone_key: '+819012345678', call_sid: null });
    const second = await inAnt(() => log.place({ phone_number: '+81 90 1234 5678' }));
    expect(second).toMatchObject({ call_id: first.call_id, is_new: false });
    expect(await inAnt(() => log.place({ phone_number: '09087654321' }))).toMatchObject({ is_new: true });
  });

  it('is one call, however many turns of a number come at once', async () => {
    // Connections that stand, so that they all look at once.
    await Promise.all(Array.from({ length: 8 }, () => inAnt(() => database.sql('select pg_sleep(0.1)'))));
    const places = await Promise.all(Array.from({ length: 20 }, () => inAnt(() => log.place({ phone_number: NUMBER }))));
    expect(new Set(places.map(({ call_id }) => call_id)).size).toBe(1);
    expect(places.filter(({ is_new }) => is_new)).toHaveLength(1);
  });

  it('is the call that is named, also where it is over', async () => {
    const { call_id } = await inAnt(() => log.place({ phone_number: NUMBER, call_sid: 'CA1', direction: 'inbound' }));
    await inAnt(() => log.end(call_id, { status: 'completed' }));
    expect(await inAnt(() => log.place({ call_id }))).toMatchObject({ call_id, is_new: false, status: 'completed', phone_number: NUMBER });
    expect(await inAnt(() => log.place({ phone_number: '09087654321', call_sid: 'CA1' }))).toMatchObject({ call_id, is_new: false });
  });

  it('is nowhere for a name that nobody has, and for one of another tenant', async () => {
    const { call_id } = await inAnt(() => log.place({ phone_number: NUMBER, call_sid: 'CA1', direction: 'inbound' }));
    for (const question of [{ call_id: newId() }, { call_id: 'none' }, { call_id }, { phone_number: NUMBER, call_sid: 'CA1' }]) {
      await expect(inBee(() => log.place(question))).rejects.toMatchObject({ code: 'CALL_NOT_FOUND' });
    }
    await expect(inAnt(() => log.place({ phone_number: 'abc' }))).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
    expect((await inBee(() => log.place({ phone_number: NUMBER }))).is_new).toBe(true);
  });

  it('is no call between users', async () => {
    const id = newId();
    await sql(home.url, `insert into calls (client_id, id, direction, status) values ($1, $2, 'internal', 'in_progress')`, [ANT, id]);
    await expect(inAnt(() => log.place({ call_id: id }))).rejects.toMatchObject({ code: 'CALL_NOT_FOUND' });
  });

  it('is a new call once the open one has been idle for as long as the tenant says; that one ended with its last turn', async () => {
    const ended: string[] = [];
    events.on('call.ended', ({ client_id, call_id }) => void ended.push(`${client_id} ${call_id}`));
    const [ant, bee] = [await inAnt(() => log.place({ phone_number: NUMBER })), await inBee(() => log.place({ phone_number: NUMBER }))];
    await sql(home.url, `update calls set active_at = now() - interval '10 minutes'`);
    expect(await inAnt(() => log.place({ phone_number: NUMBER }))).toMatchObject({ call_id: ant.call_id, is_new: false });
    const next = await inBee(() => log.place({ phone_number: NUMBER }));
    expect(next).toMatchObject({ is_new: true });
    expect(ended).toEqual([`bee ${bee.call_id}`]);
    const closed = await inBee(() => log.get(bee.call_id));
    expect(closed.status).toBe('completed');
    expect(closed.ended_at!.getTime()).toBeLessThan(Date.now() - 9 * 60_000);
  });
});

describe('turns', () => {
  it('are numbered without a gap, however many come at once, and keep what was said and answered', async () => {
    const { call_id } = await inAnt(() => log.place({ phone_number: NUMBER }));
    const begun = await Promise.all(
      Array.from({ length: 12 }, (_, index) => inAnt(() => log.beginTurn(call_id, { user_text: `問い${index}` }))),
    );
    expect(begun.map(({ turn }) => turn).sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    const tool_calls = [{ id: 't1', name: 'search_faq', arguments: { query: '営業時間' }, status: 'done' as const, result: [] }];
    await inAnt(() => log.finishTurn(call_id, 3, { ai_text: '10時からです', tool_calls }));
    const turns = await inAnt(() => log.turnsOf(call_id));
    expect(turns[2]).toMatchObject({ turn: 3, ai_text: '10時からです', tool_calls });
    expect(turns[3]).toMatchObject({ turn: 4, ai_text: null, tool_calls: [] });
    expect(turns.every(({ ts }) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(ts))).toBe(true);
  });

  it('of a number are those of all its calls and of no other tenant, newest last, no older than is asked', async () => {
    const say = async (client_id: string, user_text: string): Promise<void> => {
      await Scope.runAs(client_id, async () => {
        const { call_id } = await log.place({ phone_number: NUMBER });
        await log.beginTurn(call_id, { user_text });
        await log.end(call_id, { status: 'completed' });
      });
    };
    await say(ANT, '昔');
    await sql(home.url, `update call_turns set ts = now() - interval '30 hours'`);
    await say(BEE, '隣');
    for (const text of ['一', '二', '三']) await say(ANT, text);
    const said = await inAnt(() => log.recentTurns('09012345678', { limit: 2, within_hours: 24 }));
    expect(said.map(({ user_text }) => user_text)).toEqual(['二', '三']);
    expect(await inAnt(() => log.recentTurns(NUMBER, { limit: 50, within_hours: 24 }))).toHaveLength(3);
    expect(await inAnt(() => log.recentTurns(NUMBER, { limit: 50, within_hours: 40 }))).toHaveLength(4);
    expect(await inAnt(() => log.recentTurns(NUMBER, { limit: 0, within_hours: 24 }))).toEqual([]);
  });

  it('go to no call that is gone', async () => {
    await expect(inAnt(() => log.beginTurn(newId(), { user_text: 'もしもし' }))).rejects.toMatchObject({ code: 'CALL_NOT_FOUND' });
    const { call_id } = await inAnt(() => log.place({ phone_number: NUMBER }));
    await expect(inBee(() => log.beginTurn(call_id, { user_text: 'もしもし' }))).rejects.toMatchObject({ code: 'CALL_NOT_FOUND' });
    await inAnt(() => log.finishTurn(newId(), 1, { ai_text: 'はい', tool_calls: [] }));
    await sql(home.url, 'update calls set turn_count = 2000');
    await expect(inAnt(() => log.beginTurn(call_id, { user_text: 'もしもし' }))).rejects.toMatchObject({ code: 'TOO_MANY_TURNS' });
  });
});

describe('the end of a call', () => {
  it('is told once, in the transaction and after its commit', async () => {
    const told: string[] = [];
    events.during('call.ended', () => void told.push('during'));
    events.on('call.ended', () => void told.push('after'));
    const { call_id } = await inAnt(() => log.place({ phone_number: NUMBER }));
    await inAnt(() => log.end(call_id, { status: 'missed', ended_at: '2026-11-20T09:00:00.000Z' }));
    await inAnt(() => log.end(call_id, { status: 'completed' }));
    expect(told).toEqual(['during', 'after']);
    expect(await inAnt(() => log.get(call_id))).toMatchObject({ status: 'missed', ended_at: new Date('2026-11-20T09:00:00.000Z') });
    await inAnt(() => log.summarise(call_id, { summary: '予約の件', outcome: 'reserved' }));
    expect(await inAnt(() => log.get(call_id))).toMatchObject({ summary: '予約の件', outcome: 'reserved' });
  });

  it('is not told where it is undone', async () => {
    const told: string[] = [];
    const { call_id } = await inAnt(() => log.place({ phone_number: NUMBER }));
    events.on('call.ended', (event) => void told.push(event.call_id));
    const undone = inAnt(() =>
      database.transaction(async () => {
        await log.end(call_id, { status: 'completed' });
        throw new Error('undone');
      }),
    );
    await expect(undone).rejects.toThrow('undone');
    expect(told).toEqual([]);
    expect((await inAnt(() => log.get(call_id))).status).toBe('in_progress');
  });

  it('is nowhere for a call that is not there', async () => {
    await expect(inAnt(() => log.end(newId(), { status: 'completed' }))).rejects.toMatchObject({ code: 'CALL_NOT_FOUND' });
    await expect(inAnt(() => log.summarise(newId(), { summary: null, outcome: null }))).rejects.toMatchObject({ code: 'CALL_NOT_FOUND' });
  });
});

describe('the sweep of idle calls', () => {
  it('ends them in every tenant as each says, at their last turn; a phone call is given longer', async () => {
    const sweeper = new IdleCallSweeper(system, log, logger);
    const text = await inAnt(() => log.place({ phone_number: NUMBER }));
    const phone = await inAnt(() => log.place({ phone_number: NUMBER, call_sid: 'CA1', direction: 'inbound' }));
    const bee = await inBee(() => log.place({ phone_number: NUMBER }));
    const told: string[] = [];
    events.on('call.ended', ({ call_id }) => void told.push(call_id));
    const idleFor = (minutes: number): Promise<unknown> =>
      sql(home.url, 'update calls set active_at = now() - make_interval(mins => $1)', [minutes]);
    await idleFor(10);
    await sweeper.sweep();
    expect(told).toEqual([bee.call_id]);
    await idleFor(45);
    await sweeper.sweep();
    expect(told).toEqual([bee.call_id, text.call_id]);
    await idleFor(250);
    await sweeper.sweep();
    expect(told).toEqual([bee.call_id, text.call_id, phone.call_id]);
    expect(await sweeper.sweep()).toBe(0);
    const call = await inAnt(() => log.get(phone.call_id));
    expect(call.status).toBe('completed');
    expect(call.ended_at!.getTime()).toBeLessThan(Date.now() - 249 * 60_000);
  });
});
