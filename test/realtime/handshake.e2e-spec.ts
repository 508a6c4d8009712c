import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { createHash } from 'node:crypto';
import {
  collect,
  connectSocket,
  emit,
  eventually,
  makeTenant,
  makeUser,
  next,
  signIn,
  type TestUser,
  uniqueName,
} from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import { stopWell } from '../support/stage.js';

const SECRET = 'the-secret-of-this-test-file-alone-0123456789';

interface Connection {
  connection_id: string;
  user: { id: string; username: string };
  connected_at: string;
}

describe('how a socket comes in', () => {
  let server: TestServer;
  let owner: TestUser;
  let user: TestUser;

  beforeAll(async () => {
    server = await startServer({ env: { JWT_SECRET: SECRET, CORS_ORIGINS: 'https://app.example.com' } });
    owner = await makeTenant(server.api);
    user = await makeUser(server.api, { client_id: owner.client_id });
  });

  afterAll(async () => {
    await stopWell(server);
  });

  const connections = async (room = 'lobby', who = user): Promise<Connection[]> =>
    (await who.api<Connection[]>(`/rooms/${room}/connections`)).body;
  /** A token like the server's own, as another key or another hand would write it. */
  const forge = (claims: object, key = SECRET, kid = createHash('sha256').update(SECRET).digest('hex').slice(0, 8)): Promise<string> =>
    new SignJWT({ client_id: owner.client_id, email: user.email, role: 'member', sid: crypto.randomUUID(), room_id: 'lobby', ...claims })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid })
      .setSubject(user.id)
      .setIssuer('kaiwa')
      .setAudience('kaiwa')
      .setIssuedAt()
      .sign(new TextEncoder().encode(key));
  const inSeconds = (seconds: number): { exp: number } => ({ exp: Math.floor(Date.now() / 1_000) + seconds });

  it.each<[string, () => Promise<string | null>]>([
    ['no token', () => Promise.resolve(null)],
    ['an empty token', () => Promise.resolve('')],
    ['no token at all', () => Promise.resolve('nonsense')],
    ['a token of another key', () => forge(inSeconds(60), 'another-secret-that-is-long-enough-0123456789')],
    ['a token of another key that names ours', () => forge(inSeconds(60), 'another-secret-that-is-long-enough-0123456789', 'x')],
    ['a token that has expired', () => forge(inSeconds(-1))],
    ['a token without an end', () => forge({})],
    ['a token of another tenant’s', () => forge({ ...inSeconds(60), client_id: uniqueName('none') })],
    ['the cut token', () => Promise.resolve(user.access_token.slice(0, -2))],
    ['a refresh token', () => Promise.resolve(user.refresh_token)],
  ])('%s is refused with Unauthorized', async (_, token) => {
    await expect(connectSocket(server.url, await token())).rejects.toThrow(/^Unauthorized$/);
    expect(await connections()).toEqual([]);
  });

  it('a token that is no text, and an API key, are refused too', async () => {
    const made = await owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'x', scopes: ['rooms'] } });
    for (const token of [made.body.key, { toString: () => user.access_token }, [user.access_token], 7, null]) {
      await expect(connectSocket(server.url, null, { auth: { token } })).rejects.toThrow(/^Unauthorized$/);
    }
  });

  it('a session that has ended is refused, and one of a user who is gone', async () => {
    const gone = await makeUser(server.api, { client_id: owner.client_id });
    const other = await signIn(server.api, gone);
    await other.api('/logout', { method: 'POST' });
    await expect(connectSocket(server.url, other.access_token)).rejects.toThrow(/^Unauthorized$/);
    await gone.api('/user', { method: 'DELETE' });
    await expect(connectSocket(server.url, gone.access_token)).rejects.toThrow(/^Unauthorized$/);
  });

  describe('by the cookie', () => {
    let cookie: string;

    beforeAll(async () => {
      const login = await server.api('/login', {
        method: 'POST',
        json: { usernameOrEmail: user.email, password: user.password },
        headers: { 'x-client-id': owner.client_id },
      });
      cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    });

    const connect = (headers: Record<string, string>, transports = ['websocket']): ReturnType<typeof connectSocket> =>
      connectSocket(server.url, null, { extraHeaders: { cookie, ...headers }, transports });

    it('from our own pages and those that are listed, by either transport', async () => {
      const allowed: Array<Record<string, string>> = [{}, { origin: server.url }, { origin: 'https://app.example.com' }];
      for (const headers of allowed) {
        for (const transport of ['websocket', 'polling']) {
          const socket = await connect(headers, [transport]);
          expect(await emit(socket, 'sendMessage', { content: 'by cookie' })).toMatchObject({
            ok: true,
            message: { from: { id: user.id } },
          });
          socket.disconnect();
        }
      }
    });

    it('not from a foreign page, which a bearer may', async () => {
      for (const origin of ['https://evil.example', 'null', 'https://app.example.com.evil.example', 'http://app.example.com']) {
        await expect(connect({ origin })).rejects.toThrow(/^Unauthorized$/);
        const socket = await connectSocket(server.url, user.access_token, { extraHeaders: { origin } });
        socket.disconnect();
      }
    });

    it('not where a bad token is named beside it', async () => {
      await expect(connectSocket(server.url, 'nonsense', { extraHeaders: { cookie } })).rejects.toThrow(/^Unauthorized$/);
    });

    it('until its session ends', async () => {
      const socket = await connect({});
      const told = next(socket, 'session:ended');
      await server.api('/logout', { method: 'POST', headers: { cookie } });
      expect(await told).toEqual({ reason: 'logout' });
      await expect(connect({})).rejects.toThrow(/^Unauthorized$/);
    });
  });

  it('it is recorded and in its room before it hears of it, and out of it after it has gone', async () => {
    await eventually(
      () => connections(),
      (found) => found.length === 0,
    );
    for (let round = 0; round < 10; round++) {
      const socket = await connectSocket(server.url, user.access_token);
      const [mine] = await connections();
      expect(mine).toEqual({
        connection_id: socket.id,
        user: { id: user.id, username: user.username },
        connected_at: expect.stringMatching(/\.\d{3}Z$/),
      });
      const heard = next(socket, 'message');
      const { body } = await user.api('/rooms/lobby/messages', { method: 'POST', json: { content: 'hello' } });
      expect(await heard).toEqual(body);
      socket.disconnect();
      await eventually(
        () => connections(),
        (found) => found.length === 0,
      );
    }
  });

  it('misses nothing from the moment of connect on', async () => {
    for (let round = 0; round < 15; round++) {
      const posting = Array.from({ length: 5 }, (_, index) =>
        user.api('/rooms/lobby/messages', { method: 'POST', json: { content: `${index}` } }),
      );
      const connecting = connectSocket(server.url, user.access_token);
      const socket = await connecting;
      const heard = collect<{ seq: number }>(socket, 'message');
      await Promise.all(posting);
      const joined = await emit<{ last_seq: number; missed: Array<{ seq: number }> }>(socket, 'joinRoom', {
        room_id: 'lobby',
        after_seq: 0,
      });
      const { body } = await user.api<{ seq: number }>('/rooms/lobby/messages', { method: 'POST', json: { content: 'last' } });
      await eventually(
        () => Promise.resolve(heard.at(-1)?.seq),
        (seq) => seq === body.seq,
      );
      const first = heard[0]?.seq ?? 0;
      expect(heard.map(({ seq }) => seq)).toEqual(Array.from({ length: body.seq - first + 1 }, (_, index) => first + index));
      socket.disconnect();
      expect(joined.last_seq).toBeLessThan(body.seq);
    }
  });

  it('it comes into the room that was named at login, and is its member', async () => {
    const room = uniqueName('r');
    await owner.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'open' } });
    const witness = await connectSocket(server.url, (await signIn(server.api, { ...owner, room_id: room })).access_token);
    const isMine = (payload: { user: { id: string } }): boolean => payload.user.id === user.id;
    const [joined, online] = [next(witness, 'member:joined', isMine), next(witness, 'presence', isMine)];
    const session = await signIn(server.api, { ...user, room_id: room });
    const socket = await connectSocket(server.url, session.access_token);
    expect(await joined).toEqual({ room_id: room, user: { id: user.id, username: user.username } });
    expect(await online).toEqual({ room_id: room, user: { id: user.id, username: user.username }, online: true });
    expect((await connections(room)).map(({ connection_id }) => connection_id).sort()).toEqual([witness.id, socket.id].sort());
    const heard = next(witness, 'message');
    expect(await emit(socket, 'sendMessage', { content: 'to the token’s room' })).toMatchObject({
      ok: true,
      message: { room_id: room, seq: 1 },
    });
    expect(await heard).toMatchObject({ room_id: room });
    socket.disconnect();
    witness.disconnect();
  });

  it('where that room is gone it comes in all the same, in no room', async () => {
    const room = uniqueName('r');
    await user.api('/rooms', { method: 'POST', json: { id: room, name: 'x', visibility: 'private' } });
    const session = await signIn(server.api, { ...user, room_id: room });
    await user.api(`/rooms/${room}`, { method: 'DELETE' });
    const socket = await connectSocket(server.url, session.access_token);
    expect(await emit(socket, 'sendMessage', { content: 'x' })).toMatchObject({ ok: false, code: 'ROOM_NOT_FOUND' });
    expect(await emit(socket, 'joinRoom', { room_id: 'lobby' })).toMatchObject({ ok: true });
    socket.disconnect();
  });

  it('a client that goes away on its way in leaves nothing behind', async () => {
    const attempts = Array.from({ length: 20 }, async (_, index) => {
      const attempt = connectSocket(server.url, user.access_token, { timeout: 1 + index }).catch(() => null);
      (await attempt)?.disconnect();
    });
    await Promise.all(attempts);
    await eventually(
      () => sql(server.database_url, 'select 1 from connections where client_id = $1', [owner.client_id]),
      (rows) => rows.length === 0,
    );
  });

  it('the token’s end closes it, unless it is renewed', async () => {
    const [short, kept] = await Promise.all([
      connectSocket(server.url, await forge(inSeconds(2))),
      connectSocket(server.url, await forge(inSeconds(2))),
    ]);
    const renewed = await emit(kept, 'renewToken', { token: user.access_token });
    expect(renewed).toMatchObject({ ok: true, expires_at: expect.stringMatching(/Z$/) });
    const closed = new Promise((resolve) => short.once('disconnect', resolve));
    expect(await next(short, 'session:ended')).toEqual({ reason: 'expired' });
    expect(await closed).toMatch(/server disconnect|transport close/);
    expect(await emit(kept, 'sendMessage', { content: 'still here' })).toMatchObject({ ok: true });
    kept.disconnect();
  });

  it('is renewed by a token of the same person alone', async () => {
    const socket = await connectSocket(server.url, user.access_token);
    const stranger = await makeTenant(server.api);
    for (const token of [owner.access_token, stranger.access_token, 'nonsense', user.refresh_token, await forge(inSeconds(-5))]) {
      expect(await emit(socket, 'renewToken', { token })).toMatchObject({ ok: false, code: 'UNAUTHORIZED', message: 'Unauthorized' });
    }
    expect(await emit(socket, 'sendMessage', { content: 'as before' })).toMatchObject({ ok: true });
    socket.disconnect();
  });

  it('a renewed socket follows its new session, and no longer the old one', async () => {
    const [before, after] = await Promise.all([signIn(server.api, user), signIn(server.api, user)]);
    const socket = await connectSocket(server.url, before.access_token);
    expect(await emit(socket, 'renewToken', { token: after.access_token })).toMatchObject({ ok: true });
    await before.api('/logout', { method: 'POST' });
    expect(await emit(socket, 'sendMessage', { content: 'the old session has ended' })).toMatchObject({ ok: true });
    const told = next(socket, 'session:ended');
    await after.api('/logout', { method: 'POST' });
    expect(await told).toEqual({ reason: 'logout' });
  });

  it.each<[string, string, (session: TestUser) => Promise<unknown>]>([
    ['a logout', 'logout', (session) => session.api('/logout', { method: 'POST' })],
    ['a deleted account', 'account_deleted', (session) => session.api('/user', { method: 'DELETE' })],
    [
      'a disabled account',
      'account_disabled',
      (session) => owner.api(`/users/${session.id}`, { method: 'PATCH', json: { disabled: true } }),
    ],
  ])('%s closes that person’s socket within a second, and nobody else’s', async (_, reason, end) => {
    const session = await makeUser(server.api, { client_id: owner.client_id });
    const [socket, other] = await Promise.all([
      connectSocket(server.url, session.access_token),
      connectSocket(server.url, user.access_token),
    ]);
    const closed = new Promise((resolve) => socket.once('disconnect', resolve));
    const told = next(socket, 'session:ended', undefined, 1_000);
    await end(session);
    expect(await told).toEqual({ reason });
    await closed;
    expect(await emit(other, 'sendMessage', { content: 'x' })).toMatchObject({ ok: true });
    await eventually(
      () => connections(),
      (found) => found.every((one) => one.user.id !== session.id),
    );
    other.disconnect();
  });

  it('a changed password closes the other sessions’ sockets and leaves one’s own', async () => {
    const mine = await makeUser(server.api, { client_id: owner.client_id });
    const second = await signIn(server.api, mine);
    const [own, other] = await Promise.all([connectSocket(server.url, mine.access_token), connectSocket(server.url, second.access_token)]);
    const told = next(other, 'session:ended', undefined, 1_000);
    const changed = await mine.api('/user/password', {
      method: 'PUT',
      json: { current_password: mine.password, new_password: 'another-horse-battery-8' },
    });
    expect(changed.status).toBe(200);
    expect(await told).toEqual({ reason: 'password_changed' });
    expect(await emit(own, 'sendMessage', { content: 'x' })).toMatchObject({ ok: true });
    own.disconnect();
  });
});
