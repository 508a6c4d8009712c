import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, makeUser, operatorOf, type TestUser, uniqueName } from '../support/client.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

describe('Idempotency-Key', () => {
  let server: TestServer;
  let user: TestUser;

  beforeAll(async () => {
    server = await startServer();
    user = await makeUser(server.api);
  });

  afterAll(async () => {
    await server.stop();
  });

  const makeRoom = (api: Api, key: string, room: object, path = '/rooms'): Promise<Answer> =>
    api(path, { method: 'POST', json: room, headers: { 'idempotency-key': key } });
  const room = (): { id: string; name: string; visibility: string } => ({ id: uniqueName('r'), name: 'Room', visibility: 'open' });
  const replayed = ({ headers }: Answer): boolean => headers.get('idempotency-replayed') === 'true';

  it('gives the first answer again, and does nothing the second time', async () => {
    const [key, wanted] = [uniqueName('k'), room()];
    const first = await makeRoom(user.api, key, wanted);
    expect([first.status, replayed(first)]).toEqual([201, false]);
    const again = await makeRoom(user.api, key, { visibility: wanted.visibility, name: wanted.name, id: wanted.id }, '/api/rooms');
    expect([again.status, replayed(again)]).toEqual([201, true]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('content-type')).toBe(first.headers.get('content-type'));
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
  });

  it('does the work once where several come at once', async () => {
    const key = uniqueName('k');
    const nameless = { name: uniqueName('Room'), visibility: 'open' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => makeRoom(user.api, key, nameless)));
    const made = answers.filter(({ status }) => status === 201);
    expect(made.filter((answer) => !replayed(answer))).toHaveLength(1);
    expect(new Set(made.map(({ body }) => (body as { id: string }).id)).size).toBe(1);
    for (const answer of answers) {
      if (answer.status === 201) continue;
      expect(answer).toMatchObject({ status: 409, body: { code: 'IDEMPOTENCY_IN_PROGRESS' } });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    expect(await sql(server.database_url, 'select 1 from rooms where name = $1', [nameless.name])).toHaveLength(1);
  });

  it('refuses the key with another body, or another query, by 422', async () => {
    const [key, wanted] = [uniqueName('k'), room()];
    await makeRoom(user.api, key, wanted);
    expect(await makeRoom(user.api, key, { ...wanted, name: 'Other' })).toMatchObject({
      status: 422,
      body: { code: 'IDEMPOTENCY_KEY_REUSED' },
    });
    expect((await makeRoom(user.api, key, wanted, '/rooms?x=1')).status).toBe(422);
  });

  it('is each caller’s own, each route’s, and each tenant’s', async () => {
    const [key, owner, other] = [uniqueName('k'), await makeTenant(server.api), await makeUser(server.api)];
    for (const api of [user.api, other.api, owner.api]) {
      const answer = await makeRoom(api, key, room());
      expect([answer.status, replayed(answer)]).toEqual([201, false]);
    }
    const target = room();
    await makeRoom(user.api, uniqueName('k'), target);
    const message = await makeRoom(user.api, key, { content: 'hello' }, `/rooms/${target.id}/messages`);
    expect([message.status, replayed(message)]).toEqual([201, false]);
  });

  it('gives a refusal again too', async () => {
    const [key, wanted] = [uniqueName('k'), room()];
    await makeRoom(user.api, uniqueName('k'), wanted);
    const first = await makeRoom(user.api, key, wanted);
    expect([first.status, replayed(first)]).toEqual([409, false]);
    await sql(server.database_url, 'delete from rooms where id = $1', [wanted.id]);
    const again = await makeRoom(user.api, key, wanted);
    expect([again.status, replayed(again)]).toEqual([409, true]);
    const invalid = uniqueName('k');
    expect((await makeRoom(user.api, invalid, {})).status).toBe(400);
    const invalidAgain = await makeRoom(user.api, invalid, {});
    expect([invalidAgain.status, replayed(invalidAgain)]).toEqual([400, true]);
  });

  it('is forgotten after 24 hours', async () => {
    const [key, wanted] = [uniqueName('k'), room()];
    await makeRoom(user.api, key, wanted);
    await sql(server.database_url, `update idempotency_keys set created_at = created_at - interval '25 hours' where key = $1`, [key]);
    const again = await makeRoom(user.api, key, wanted);
    expect([again.status, replayed(again)]).toEqual([409, false]);
  });

  it('is held by a request that runs, and let go when its process must have died', async () => {
    const [key, wanted] = [uniqueName('k'), room()];
    await makeRoom(user.api, key, wanted);
    const stuck = `update idempotency_keys set status = null, body = null, locked_until = now() + make_interval(secs => $2) where key = $1`;
    await sql(server.database_url, stuck, [key, 30]);
    expect((await makeRoom(user.api, key, wanted)).body).toMatchObject({ code: 'IDEMPOTENCY_IN_PROGRESS' });
    expect((await makeRoom(user.api, key, { ...wanted, name: 'Other' })).status).toBe(422);
    await sql(server.database_url, stuck, [key, -1]);
    expect((await makeRoom(user.api, key, wanted)).body).toMatchObject({ code: 'ROOM_ID_TAKEN' });
  });

  it.each(['a key', 'k'.repeat(256), 'schlüssel'])('refuses %s as a key', async (key) => {
    const headers = { 'idempotency-key': key };
    expect(await user.api('/rooms', { method: 'POST', json: room(), headers })).toMatchObject({
      status: 400,
      body: { code: 'INVALID_IDEMPOTENCY_KEY' },
    });
  });

  it('is ignored where nobody is signed in, and on other methods', async () => {
    const person = { username: uniqueName('u'), email: `${uniqueName('u')}@example.com`, password: user.password };
    const headers = { 'idempotency-key': uniqueName('k') };
    const register = (): Promise<Answer> => server.api('/register', { method: 'POST', json: person, headers });
    expect([(await register()).status, (await register()).status]).toEqual([201, 409]);
    expect((await user.api('/users/me', { method: 'PUT', json: { name: 'Taro' }, headers })).status).toBe(200);
  });

  it('is refused where the answer holds a secret', async () => {
    const owner = await makeTenant(server.api);
    const headers = { 'idempotency-key': uniqueName('k') };
    expect(await owner.api('/api-keys', { method: 'POST', json: { name: 'desk' }, headers })).toMatchObject({
      status: 400,
      body: { code: 'IDEMPOTENCY_NOT_SUPPORTED' },
    });
  });

  it('serves the operator, who is in no tenant', async () => {
    const client_id = uniqueName('t');
    const owner = { username: 'owner', email: `owner@${client_id}.example`, password: user.password };
    const create = (): Promise<Answer> =>
      operatorOf(server.api)('/tenants', {
        method: 'POST',
        json: { client_id, name: 'T', owner },
        headers: { 'idempotency-key': client_id },
      });
    const [first, again] = [await create(), await create()];
    expect([first.status, again.status, replayed(again)]).toEqual([201, 201, true]);
    expect(again.body).toEqual(first.body);
  });
});
