import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { makeTenant, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import type { Answer, TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { stopWell, openStage } from '../support/stage.js';
import type { Message } from '../support/views.js';

describe('search in messages', () => {
  let server: TestServer;
  let owner: TestUser;
  let alice: TestUser;
  let bob: TestUser;
  let room: string;

  beforeAll(async () => {
    ({ server, owner, alice, bob } = await openStage(['rooms']));
  });

  afterAll(async () => {
    await stopWell(server);
  });

  beforeEach(async () => {
    room = uniqueName('r');
    await alice.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'open' } });
  });

  const say = async (content: string, id = room): Promise<Message> => {
    const answer = await alice.api<Message>(`/rooms/${id}/messages`, { method: 'POST', json: { content } });
    expect(answer.status).toBe(201);
    return answer.body;
  };
  const find = (q: string, more = `&room_id=${room}`, who = bob): Promise<Answer<Message[]>> =>
    who.api<Message[]>(`/messages/search?q=${encodeURIComponent(q)}${more}`);
  const found = async (q: string, more?: string, who?: TestUser): Promise<string[]> =>
    (await find(q, more, who)).body.map(({ content }) => content ?? '');

  it.each([
    [
      '明日の会議は東京タワーで10時からです',
      ['明日', '会議', '東京', 'タワー', 'ワー', 'で1', '時か', '東京タワーで10時からです'],
      ['京東', '大阪', 'タワ一'],
    ],
    ['The quick brown fox jumps', ['qu', 'uick', 'k b', 'brown fox', 'The quick brown fox jumps'], ['quickbrown', 'fox brown', 'quack']],
    ['ﾃｽﾄ と Ｆｕｌｌｗｉｄｔｈ １２３', ['テスト', 'てすと'.replace('てすと', 'ﾃｽ'), 'fullwidth', 'FULLWIDTH', '123', '１２'], ['てすと']],
    ['Straßenbahn ÀÉÎ Ωμέγα ΣΑΣ', ['straß', 'àé', 'ωμ', 'ΑΣ', 'σασ', 'σας'], ['strass', 'ae']],
    ['改行も\n\t  空白も一つ', ['も 空', 'も\n空', '改行も 空白も一つ'], ['も空']],
    ['100% sure_thing \\ "quoted" \'single\' <b>', ['0%', '% s', 'e_t', '\\ "', '"quoted"', "'s", '<b>'], ['%%', '__', 'e%t']],
    ['絵文字🎉🎊と👨‍👩‍👧', ['🎉🎊', '字🎉', '👨‍👩‍👧'], ['🎊🎉']],
    ['が か\u3099 ば', ['が が', 'か\u3099 ば'], ['が か', 'か ば']],
  ])('%s is found by its parts', async (content, parts, others) => {
    await say(content);
    for (const q of parts) expect([q, await found(q)]).toEqual([q, [content]]);
    for (const q of others) expect([q, await found(q)]).toEqual([q, []]);
  });

  it('a message is found from the moment that it is acknowledged', async () => {
    for (let index = 0; index < 30; index++) {
      const word = uniqueName('word');
      const { seq } = await say(`the ${word} itself`);
      expect((await find(word, '')).body.map((message) => message.seq)).toEqual([seq]);
    }
  });

  it('what is found is the message as it is', async () => {
    const word = uniqueName('word');
    await say(word);
    await bob.api(`/rooms/${room}/messages/1/reactions/%F0%9F%91%8D`, { method: 'PUT' });
    const edited = await alice.api(`/rooms/${room}/messages/1`, { method: 'PATCH', json: { content: `${word} now otherwise` } });
    const { body } = await find(word);
    expect(body).toEqual((await bob.api<Message[]>(`/rooms/${room}/messages`)).body);
    expect(body).toEqual([edited.body]);
  });

  it('after an edit by its new words alone, after a deletion by none; indexed before or not', async () => {
    for (const isIndexed of [true, false]) {
      const [old, fresh] = [uniqueName('old'), uniqueName('new')];
      const { seq } = await say(`${old} 古い言葉`);
      if (isIndexed) expect(await found(old)).toHaveLength(1);
      await alice.api(`/rooms/${room}/messages/${seq}`, { method: 'PATCH', json: { content: `${fresh} 新しい言葉` } });
      expect(await found(old)).toEqual([]);
      expect(await found(fresh)).toHaveLength(1);
      const other = await say(`${old} to be deleted`);
      if (isIndexed) expect(await found(old)).toHaveLength(1);
      await alice.api(`/rooms/${room}/messages/${other.seq}`, { method: 'DELETE' });
      expect(await found(old)).toEqual([]);
      await alice.api(`/rooms/${room}/messages/${seq}`, { method: 'DELETE' });
      expect(await found(fresh)).toEqual([]);
    }
    expect(await sql(server.database_url, 'select 1 from message_search where room_id = $1', [room])).toEqual([]);
  });

  it('looks through what the caller may read, and nothing else', async () => {
    const word = uniqueName('word');
    const closed = uniqueName('r');
    await alice.api('/rooms', { method: 'POST', json: { id: closed, name: 'x', visibility: 'private' } });
    await say(`${word} open`);
    await say(`${word} closed`, closed);
    expect(await found(word, '')).toEqual([`${word} open`]);
    expect(await found(word, '', alice)).toEqual([`${word} closed`, `${word} open`]);
    expect(await found(word, '', owner)).toEqual([`${word} open`]);
    expect(await found(word, `&room_id=${closed}`, alice)).toEqual([`${word} closed`]);
    expect(await find(word, `&room_id=${closed}`)).toMatchObject({ status: 404, body: { code: 'ROOM_NOT_FOUND' } });
    await alice.api(`/rooms/${closed}/members/${bob.id}`, { method: 'PUT', json: {} });
    expect(await found(word, '')).toHaveLength(2);
    await alice.api(`/rooms/${closed}/members/${bob.id}`, { method: 'DELETE' });
    expect(await found(word, '')).toHaveLength(1);
    await alice.api(`/rooms/${room}`, { method: 'DELETE' });
    expect(await found(word, '')).toEqual([]);
  });

  it('another tenant’s people find nothing, in a room of the same name neither', async () => {
    const word = uniqueName('word');
    await say(word);
    const stranger = await makeTenant(server.api);
    expect(await found(word, '', stranger)).toEqual([]);
    expect((await find(word, `&room_id=${room}`, stranger)).status).toBe(404);
    await stranger.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'open' } });
    expect(await found(word, `&room_id=${room}`, stranger)).toEqual([]);
  });

  it('a system finds what is in every room that is not anonymous', async () => {
    const made = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'system', scopes: ['rooms'] } });
    const api = withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': owner.client_id });
    const [word, closed, anonymous] = [uniqueName('word'), uniqueName('r'), uniqueName('r')];
    for (const id of [closed, anonymous]) await alice.api('/rooms', { method: 'POST', json: { id, name: 'x', visibility: 'private' } });
    await say(`${word} closed`, closed);
    await say(`${word} anonymous`, anonymous);
    await sql(server.database_url, 'update rooms set is_anonymous = true where id = $1', [anonymous]);
    expect((await api<Message[]>(`/messages/search?q=${word}`)).body.map(({ content }) => content)).toEqual([`${word} closed`]);
    expect((await find(word, '', alice)).body).toMatchObject([{ from: { id: alice.id } }, { from: { username: alice.username } }]);
    expect((await find(word, `&room_id=${anonymous}`, alice)).body).toMatchObject([{ from: { id: alice.id } }]);
    expect(JSON.stringify((await find(word, `&room_id=${anonymous}`, alice)).body)).not.toContain(alice.username);
  });

  it('newest first, page by page', async () => {
    const word = uniqueName('word');
    for (let index = 0; index < 7; index++) await say(`${word} ${index}`);
    const seen: number[] = [];
    let pages = 0;
    for (let path: string | undefined = `/messages/search?q=${word}&limit=3`; path; pages++) {
      const page: Answer<Message[]> = await bob.api<Message[]>(path);
      seen.push(...page.body.map(({ seq }) => seq));
      path = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(seen).toEqual([7, 6, 5, 4, 3, 2, 1]);
    expect(pages).toBe(3);
    expect((await find(word, '&limit=7')).headers.has('link')).toBe(false);
    expect(await find(word, '&cursor=nonsense')).toMatchObject({ status: 400, body: { code: 'INVALID_CURSOR' } });
  });

  it.each(['', 'a', 'あ', '  ', 'a ', '😀', 'a\0b', 'x'.repeat(201)])('%j is no search', async (q) => {
    const refused = await find(q);
    expect(refused).toMatchObject({ status: 400, body: { details: [{ field: 'q' }] } });
  });

  it('without a word, or without a credential, there is none', async () => {
    expect((await bob.api('/messages/search')).status).toBe(400);
    expect((await server.api('/messages/search?q=word')).status).toBe(401);
    expect((await bob.api('/messages/search?q=word&room_id=No')).status).toBe(400);
    expect((await bob.api(`/messages/search?q=word&room_id=${uniqueName('none')}`)).status).toBe(404);
  });

  it('after 2,000 messages it still finds each, and all of them', async () => {
    const [left, right] = ['東京タワー', 'スカイツリー'];
    const writers = Array.from({ length: 20 }, async (_, writer) => {
      for (let index = 0; index < 100; index++) await say(`${index % 2 ? left : right} no ${writer}x${index}y`);
    });
    await Promise.all(writers);
    const counted: number[] = [];
    for (let path: string | undefined = `/messages/search?q=${encodeURIComponent('ワー no')}&room_id=${room}&limit=200`; path;) {
      const page: Answer<Message[]> = await bob.api<Message[]>(path);
      counted.push(...page.body.map(({ seq }) => seq));
      path = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(new Set(counted).size).toBe(1_000);
    expect(counted).toHaveLength(1_000);
    for (const name of ['0x0y', '7x42y', '19x99y']) expect(await found(`o ${name}`)).toHaveLength(1);
    expect(await found('19x100y')).toEqual([]);
  });

  it('searching while others write and delete fails for nobody', async () => {
    const word = uniqueName('word');
    const writing = Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const { seq } = await say(`${word} ${index}`);
        if (index % 2) expect((await alice.api(`/rooms/${room}/messages/${seq}`, { method: 'DELETE' })).status).toBe(200);
        else
          expect((await alice.api(`/rooms/${room}/messages/${seq}`, { method: 'PATCH', json: { content: `${word} again` } })).status).toBe(
            200,
          );
      }),
    );
    const looking = Promise.all(Array.from({ length: 30 }, async () => expect((await find(word)).status).toBe(200)));
    await Promise.all([writing, looking]);
    const all = await find(word, `&room_id=${room}&limit=200`);
    expect(all.body.map(({ content }) => content)).toEqual(Array.from({ length: 50 }, () => `${word} again`));
  });
});
