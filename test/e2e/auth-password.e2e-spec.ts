import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeUser, signIn, type TestUser, uniqueName } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

const NEW_PASSWORD = 'another-horse-battery-8';

describe('passwords', () => {
  let server: TestServer;
  let data_dir: string;

  beforeAll(async () => {
    data_dir = await mkdtemp(join(tmpdir(), 'kaiwa-outbox-'));
    server = await startServer({ env: { DATA_DIR: data_dir } });
  });

  afterAll(async () => {
    await server.stop();
    await rm(data_dir, { recursive: true, force: true });
  });

  const outbox = (): string => join(data_dir, 'outbox');
  const mails = async (): Promise<string[]> => {
    const names = await readdir(outbox()).catch(() => [] as string[]);
    return names.filter((name) => name.endsWith('.eml')).sort();
  };
  const login = async ({ email }: TestUser, password: string): Promise<number> =>
    (await server.api('/auth/v1/login', { method: 'POST', json: { email, password } })).status;
  const requestReset = (email: string): Promise<Answer> => server.api('/auth/v1/password-reset', { method: 'POST', json: { email } });
  const confirm = (token: string, new_password = NEW_PASSWORD): Promise<Answer> =>
    server.api('/auth/v1/password-reset/confirm', { method: 'POST', json: { token, new_password } });
  /** Asks for a reset and takes the token out of the mail. */
  const mailedToken = async (user: TestUser): Promise<string> => {
    const before = (await mails()).length;
    expect((await requestReset(user.email)).status).toBe(202);
    const names = await eventually(mails, (found) => found.length > before);
    return tokenIn(await readFile(join(outbox(), names.at(-1) ?? ''), 'utf8'));
  };

  describe('PUT /user/password', () => {
    it('changes it where the current one is right', async () => {
      const user = await makeUser(server.api);
      const change = (current_password: string, new_password: string): Promise<Answer> =>
        user.api('/user/password', { method: 'PUT', json: { current_password, new_password } });
      expect(await change('not the password', NEW_PASSWORD)).toMatchObject({ status: 403, body: { message: 'Incorrect password' } });
      expect(await change(user.password, 'password')).toMatchObject({ status: 400, body: { details: [{ field: 'new_password' }] } });
      expect((await change(user.password, NEW_PASSWORD)).status).toBe(200);
      expect([await login(user, user.password), await login(user, NEW_PASSWORD)]).toEqual([401, 200]);
    });

    it('changes it once where two changes come at once', async () => {
      const user = await makeUser(server.api);
      const change = (new_password: string): Promise<Answer> =>
        user.api('/user/password', { method: 'PUT', json: { current_password: user.password, new_password } });
      const statuses = (await Promise.all([change(`${NEW_PASSWORD}-a`), change(`${NEW_PASSWORD}-b`)])).map(({ status }) => status);
      expect(statuses.sort()).toEqual([200, 403]);
    });

    it('needs a person', async () => {
      const json = { current_password: 'x', new_password: NEW_PASSWORD };
      expect((await server.api('/user/password', { method: 'PUT', json })).status).toBe(401);
    });

    it('stands in the audit log, without the password', async () => {
      const user = await makeUser(server.api);
      await user.api('/user/password', { method: 'PUT', json: { current_password: user.password, new_password: NEW_PASSWORD } });
      const rows = await sql(server.database_url, `select * from audit_log where object_id = $1 and action = 'user.password_changed'`, [
        user.id,
      ]);
      expect(rows).toHaveLength(1);
      expect(rows[0]).toMatchObject({ actor_id: user.id, address: '127.0.0.1' });
      expect(JSON.stringify(rows)).not.toContain(NEW_PASSWORD);
    });
  });

  describe('POST /auth/v1/password-reset', () => {
    it('answers alike whether or not there is such an account, and mails where there is', async () => {
      const user = await makeUser(server.api);
      const before = await mails();
      const unknown = await requestReset(`${uniqueName('nobody')}@example.com`);
      const known = await requestReset(user.email.toUpperCase());
      expect(unknown.status).toBe(202);
      expect(known).toMatchObject({ status: 202, body: unknown.body });
      expect(await requestReset('no email at all')).toMatchObject({ status: 202, body: unknown.body });
      const after = await eventually(mails, (found) => found.length > before.length);
      expect(after).toHaveLength(before.length + 1);
      const path = join(outbox(), after.at(-1) ?? '');
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      expect(await readFile(path, 'utf8')).toContain(`To: ${user.email}`);
    });

    it('keeps the token nowhere but in the mail', async () => {
      const user = await makeUser(server.api);
      const token = await mailedToken(user);
      const rows = await sql(server.database_url, 'select * from password_resets where user_id = $1', [user.id]);
      expect(rows).toHaveLength(1);
      expect(JSON.stringify(rows)).not.toContain(token);
      expect(server.logs()).not.toContain(token);
    });
  });

  describe('POST /auth/v1/password-reset/confirm', () => {
    it('sets a new password once, and ends all sessions', async () => {
      const user = await makeUser(server.api);
      const second = await signIn(server.api, user);
      const token = await mailedToken(user);
      expect(await confirm(token, 'short')).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
      expect((await confirm(token)).status).toBe(200);
      expect(await confirm(token)).toMatchObject({ status: 400, body: { code: 'INVALID_TOKEN' } });
      expect([await login(user, user.password), await login(user, NEW_PASSWORD)]).toEqual([401, 200]);
      for (const { api } of [user, second]) expect((await api('/getUserInfo')).status).toBe(401);
    });

    it('is good for one of two that come at once', async () => {
      const token = await mailedToken(await makeUser(server.api));
      const statuses = (await Promise.all([confirm(token), confirm(token)])).map(({ status }) => status);
      expect(statuses.sort()).toEqual([200, 400]);
    });

    it('refuses what has expired, what is none, and what a new password has overtaken', async () => {
      const user = await makeUser(server.api);
      const [old, overtaken] = [await mailedToken(user), await mailedToken(user)];
      await sql(
        server.database_url,
        `update password_resets set expires_at = now() where id = (select min(id::text)::uuid from password_resets where user_id = $1)`,
        [user.id],
      );
      expect((await confirm(old)).status).toBe(400);
      expect((await confirm('nothing')).status).toBe(400);
      await user.api('/user/password', { method: 'PUT', json: { current_password: user.password, new_password: NEW_PASSWORD } });
      expect((await confirm(overtaken, `${NEW_PASSWORD}9`)).status).toBe(400);
    });

    it('is nothing in another tenant', async () => {
      const token = await mailedToken(await makeUser(server.api));
      const headers = { 'x-client-id': 'no-such-tenant' };
      const json = { token, new_password: NEW_PASSWORD };
      expect((await server.api('/auth/v1/password-reset/confirm', { method: 'POST', json, headers })).status).toBe(404);
    });
  });
});

describe('mail by SMTP', () => {
  let smtp: Server;
  let server: TestServer;
  const received: string[] = [];
  let refusals = 1;

  beforeAll(async () => {
    smtp = createServer((socket) => converse(socket, received, () => refusals-- > 0));
    await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
    const { port } = smtp.address() as { port: number };
    server = await startServer({ env: { SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: 'Kaiwa <kaiwa@example.com>' } });
  });

  afterAll(async () => {
    await server.stop();
    smtp.close();
  });

  it('is tried again where the server refused it at first', async () => {
    const user = await makeUser(server.api);
    await server.api('/auth/v1/password-reset', { method: 'POST', json: { email: user.email } });
    const [mail = ''] = await eventually(
      async () => received,
      ({ length }) => length > 0,
      10_000,
    );
    expect(mail).toContain('From: Kaiwa <kaiwa@example.com>');
    expect(mail).toContain(`To: ${user.email}`);
    expect(refusals).toBeLessThan(0);
    const json = { token: tokenIn(mail), new_password: NEW_PASSWORD };
    expect((await server.api('/auth/v1/password-reset/confirm', { method: 'POST', json })).status).toBe(200);
  });
});

/** The token stands on a line of its own. */
function tokenIn(mail: string): string {
  const [, encoded = ''] = mail.split(/\r?\n\r?\n/, 2).length > 1 ? [mail, mail.slice(mail.search(/\r?\n\r?\n/)).trim()] : [];
  const text = /content-transfer-encoding: base64/i.test(mail)
    ? Buffer.from(encoded, 'base64').toString('utf8')
    : encoded.replace(/=\r?\n/g, '');
  return /^[\w-]{43}$/m.exec(text.replaceAll('=3D', '='))?.[0] ?? '';
}

/** As much of SMTP (RFC 5321) as one mail needs; `refuses` answers the first with 451. */
function converse(socket: Socket, received: string[], refuses: () => boolean): void {
  let data: string | null = null;
  let pending = '';
  const say = (line: string): void => void socket.write(`${line}\r\n`);
  say('220 test');
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    pending += chunk.toString('utf8');
    for (let end = pending.indexOf('\r\n'); end >= 0; end = pending.indexOf('\r\n')) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 2);
      if (data !== null) {
        if (line !== '.') data += `${line}\r\n`;
        else {
          received.push(data);
          data = null;
          say('250 taken');
        }
      } else if (/^DATA/i.test(line)) {
        data = '';
        say('354 go on');
      } else if (/^MAIL/i.test(line) && refuses()) say('451 not now');
      else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
      else say('250 test');
    }
  });
}
