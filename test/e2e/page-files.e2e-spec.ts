import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { eventually, makeTenant, makeUser, type TestUser, withHeaders } from '../support/client.js';
import { type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

/* Files that stand in pages: who may read them (contract, section 6: readers), by what the page names. */

describe('the files of a page', () => {
  let server: TestServer;
  let owner: TestUser;
  let alice: TestUser;
  let bob: TestUser;
  let carol: TestUser;
  let dora: TestUser;

  beforeAll(async () => {
    server = await startServer();
    owner = await makeTenant(server.api);
    const member = (): Promise<TestUser> => makeUser(server.api, { client_id: owner.client_id });
    [alice, bob, carol, dora] = await Promise.all([member(), member(), member(), member()]);
  });

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
  });

  const upload = async (user: TestUser): Promise<string> => {
    const body = new FormData();
    body.set('file', new Blob([`words ${randomUUID()}`]), 'a.txt');
    const answer = await user.api<{ id: string }>('/files', { method: 'POST', body });
    expect(answer.status).toBe(201);
    return answer.body.id;
  };
  const image = (id: string): string => `<p><img src="/files/${id}"></p>`;
  const make = async (user: TestUser, content: string, fields: object = {}): Promise<string> => {
    const json = { title: 'x', content, access_type: 0, ...fields };
    const answer = await user.api<{ id: string }>('/pages', { method: 'POST', json });
    expect(answer.status).toBe(200);
    return answer.body.id;
  };
  const put = async (user: TestUser, id: string, json: object): Promise<number> =>
    (await user.api(`/pages/${id}`, { method: 'PUT', json })).status;
  const read = async (api: Api, file_id: string): Promise<number> => (await api(`/files/${file_id}`)).status;
  const readers = async (file_id: string): Promise<string> => {
    const answers = await Promise.all([alice, bob, carol, dora].map((user) => read(user.api, file_id)));
    return answers.map((status) => (status === 200 ? '+' : '-')).join('');
  };

  it("are read by whoever may see the page by their credential: everybody's for an open one", async () => {
    const file = await upload(alice);
    expect(await readers(file)).toBe('+---');
    const id = await make(alice, image(file), { co_editor_user_ids: [bob.id], allowed_user_ids: [carol.id] });
    expect(await readers(file)).toBe('++++');
    await put(alice, id, { access_type: 2 });
    expect(await readers(file)).toBe('+++-');
    await put(alice, id, { access_type: 1, password: 'p' });
    expect(await readers(file)).toBe('++--');
    expect(await read(server.api, file)).toBe(401);
    expect(await read((await makeTenant(server.api)).api, file)).toBe(404);
  });

  it('are those that it names now; editors read what its versions name, too', async () => {
    const file = await upload(alice);
    const id = await make(alice, image(file.toUpperCase()), { co_editor_user_ids: [bob.id] });
    expect(await readers(file)).toBe('++++');
    await put(bob, id, { content: '<p>no more</p>' });
    expect(await readers(file)).toBe('++--');
    // A co-editor brings it back, although it is not theirs to give.
    expect((await bob.api(`/pages/${id}/versions/1/restore`, { method: 'POST' })).status).toBe(200);
    expect(await readers(file)).toBe('++++');
  });

  it('of others are links like any other: nobody gives away what is not theirs, by a page of their own', async () => {
    const file = await upload(alice);
    const mine = await upload(bob);
    await make(bob, `${image(file)}${image(mine)}${image(randomUUID())}<a href="/files/no-id">x</a>`);
    expect(await readers(file)).toBe('+---');
    expect(await readers(mine)).toBe('++++');
    const shared = await make(alice, '<p>x</p>', { co_editor_user_ids: [bob.id] });
    expect(await put(bob, shared, { content: image(file) })).toBe(200);
    expect(await readers(file)).toBe('+---');
  });

  it('are, for a system, those of the user that it acts for', async () => {
    const made = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'k', scopes: ['pages'] } });
    const system = withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': owner.client_id });
    const [hers, his] = [await upload(alice), await upload(bob)];
    const json = { title: 'x', content: image(hers) + image(his), access_type: 0, user_id: alice.id };
    expect((await system('/pages', { method: 'POST', json })).status).toBe(200);
    expect(await readers(hers)).toBe('++++');
    expect(await readers(his)).toBe('-+--');
  });

  it('are read no more once the page is gone, or its creator', async () => {
    const file = await upload(alice);
    const id = await make(alice, image(file));
    expect(await readers(file)).toBe('++++');
    expect((await alice.api(`/pages/${id}`, { method: 'DELETE' })).status).toBe(200);
    expect(await readers(file)).toBe('+---');
    expect(await sql(server.database_url, 'select from file_attachments where object_id = $1', [id])).toEqual([]);

    const emil = await makeUser(server.api, { client_id: owner.client_id });
    const theirs = await upload(emil);
    const shared = await make(emil, image(theirs), { co_editor_user_ids: [bob.id] });
    expect((await emil.api('/user', { method: 'DELETE' })).status).toBe(200);
    expect(await readers(theirs)).toBe('----');
    expect(await sql(server.database_url, 'select from file_attachments where object_id = $1', [shared])).toEqual([]);
  });

  it('do not let writers and a leaving user wait for each other', async () => {
    const emil = await makeUser(server.api, { client_id: owner.client_id });
    const files = await Promise.all([upload(emil), upload(emil)]);
    const content = files.map(image).join('');
    const pages = await Promise.all([0, 1, 2, 3].map(() => make(emil, content, { co_editor_user_ids: [bob.id] })));
    const others = await Promise.all([0, 1, 2, 3].map(() => make(bob, 'x', { co_editor_user_ids: [emil.id] })));
    const answers = await Promise.all([
      emil.api('/user', { method: 'DELETE' }).then(({ status }) => status),
      ...pages.map((id) => put(bob, id, { content: `${content}!`, co_editor_user_ids: [bob.id] })),
      ...others.map((id) => put(bob, id, { content, co_editor_user_ids: [emil.id, bob.id] })),
    ]);
    expect(answers[0]).toBe(200);
    for (const status of answers.slice(1)) expect([200, 400, 404]).toContain(status);
  });

  it('do not let writers and who deletes the page wait for each other', async () => {
    const files = await Promise.all([upload(alice), upload(alice), upload(alice)]);
    const content = files.map(image).join('');
    for (let round = 0; round < 8; round++) {
      const id = await make(alice, content);
      const writes = [0, 1, 2].map((n) => put(alice, id, { content: `${content}${n}` }));
      const deleted = alice.api(`/pages/${id}`, { method: 'DELETE' });
      writes.push(...[3, 4, 5].map((n) => put(alice, id, { content: `${content}${n}` })));
      expect((await deleted).status).toBe(200);
      for (const status of await Promise.all(writes)) expect([200, 404]).toContain(status);
    }
  }, 60_000);

  it('are deleted by their owner though somebody leaves at that moment whose page names them', async () => {
    const emil = await makeUser(server.api, { client_id: owner.client_id });
    await upload(emil);
    const file = await upload(bob);
    const theirs = await make(emil, 'x', { co_editor_user_ids: [bob.id] });
    await put(bob, theirs, { content: image(file) });
    const own = await make(bob, image(file));
    const waiting = (statements: number): Promise<unknown> =>
      eventually(
        () =>
          sql<{ count: number }>(
            server.database_url,
            // Longer than it takes the database to look whether statements wait for each other.
            `select count(*)::int as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and now() - query_start > interval '1.2 s'`,
          ),
        ([row]) => row?.count === statements,
      );
    const holder = new pg.Client({ connectionString: server.database_url });
    await holder.connect();
    try {
      await holder.query('begin');
      await holder.query('select from file_attachments where file_id = $1 and object_id = $2 for update', [file, own]);
      const deleted = bob.api(`/files/${file}`, { method: 'DELETE' });
      await waiting(1);
      const left = emil.api('/user', { method: 'DELETE' });
      await waiting(2);
      await holder.query('rollback');
      expect([(await deleted).status, (await left).status]).toEqual([204, 200]);
    } finally {
      await holder.end();
    }
  });
});
