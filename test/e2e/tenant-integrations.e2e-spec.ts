import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, makeUser, operatorOf, signIn, type TestUser } from '../support/client.js';
import { type Answer, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

interface Tenant {
  name: string;
  openai?: Record<string, string | null> | null;
  twilio?: Record<string, string> | null;
  assistant: Record<string, number>;
  details?: Array<{ field: string; message: string }>;
}

const KEY = 'sk-proj-0123456789abcdefghij';
const TOKEN = 'fedcba98765432100123456789abcdef';
const SID = 'AC0123456789abcdef0123456789abcdef';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
}, 60_000);

afterAll(async () => {
  await server.stop();
});

const patch = (user: Pick<TestUser, 'api'>, json: object): Promise<Answer<Tenant>> =>
  user.api<Tenant>('/tenant', { method: 'PATCH', json });

const rowOf = async (client_id: string): Promise<string> => {
  const [row] = await sql<{ text: string }>(server.database_url, 'select t::text as text from tenants t where client_id = $1', [client_id]);
  return row!.text;
};

describe('PATCH /tenant', () => {
  it('keeps secrets sealed, and shows their ends alone', async () => {
    const owner = await makeTenant(server.api);
    const openai = { api_key: KEY, base_url: 'https://models.example.com/v1', model: 'gpt-5', whisper_model: 'whisper-1' };
    const { status, body } = await patch(owner, { openai, twilio: { account_sid: SID, auth_token: TOKEN } });
    expect(status).toBe(200);
    expect(body.openai).toEqual({ ...openai, api_key: '****ghij', embedding_model: null });
    expect(body.twilio).toEqual({ account_sid: SID, auth_token: '****cdef' });
    expect((await owner.api<Tenant>('/tenant')).body).toEqual(body);
    const row = await rowOf(owner.client_id);
    const audit = await owner.api('/audit-log?action=tenant.changed');
    for (const secret of [KEY, TOKEN]) {
      expect(row).not.toContain(secret);
      expect(JSON.stringify(audit.body)).not.toContain(secret);
      expect(server.logs()).not.toContain(secret);
    }
  });

  it('changes what is named; what was read back masked stays, and null takes away', async () => {
    const owner = await makeTenant(server.api);
    await patch(owner, { openai: { api_key: KEY, model: 'gpt-5' } });
    const sealed = /"api_key": ?"(v1[^"]+)"/;
    const before = sealed.exec((await rowOf(owner.client_id)).replaceAll('""', '"'))?.[1];
    expect(before).toBeTruthy();
    const changed = await patch(owner, { openai: { api_key: '****ghij', model: null, embedding_model: 'text-embedding-3-small' } });
    expect(changed.body.openai).toMatchObject({ api_key: '****ghij', model: null, embedding_model: 'text-embedding-3-small' });
    expect(sealed.exec((await rowOf(owner.client_id)).replaceAll('""', '"'))?.[1]).toBe(before);
    expect((await patch(owner, { name: 'Else' })).body.openai).toEqual(changed.body.openai);
    const emptied = await patch(owner, { openai: { api_key: null, embedding_model: null } });
    expect(emptied.body.openai).toBeNull();
    await patch(owner, { twilio: { account_sid: SID, auth_token: TOKEN }, assistant: { idle_minutes: 5, history_turns: 0 } });
    const gone = await patch(owner, { twilio: null, assistant: { idle_minutes: null } });
    expect([gone.body.twilio, gone.body.assistant]).toEqual([null, { idle_minutes: 30, history_turns: 0, history_hours: 168 }]);
  });

  it('refuses what would lead astray, naming the field, and changes nothing', async () => {
    const owner = await makeTenant(server.api);
    await patch(owner, {
      openai: { api_key: KEY, base_url: 'https://models.example.com/v1' },
      twilio: { account_sid: SID, auth_token: TOKEN },
    });
    const before = await rowOf(owner.client_id);
    const refused: Array<[object, string]> = [
      [{ openai: { base_url: 'https://127.0.0.1/v1', api_key: KEY } }, 'openai.base_url'],
      [{ openai: { base_url: 'https://0x7f.1/v1', api_key: KEY } }, 'openai.base_url'],
      [{ openai: { base_url: 'https://[::ffff:169.254.169.254]/v1', api_key: KEY } }, 'openai.base_url'],
      [{ openai: { base_url: 'https://localhost/v1', api_key: KEY } }, 'openai.base_url'],
      [{ openai: { base_url: 'http://models.example.com/v1', api_key: KEY } }, 'openai.base_url'],
      [{ openai: { base_url: 'https://user:pass@models.example.com/v1', api_key: KEY } }, 'openai.base_url'],
      [{ openai: { base_url: 'https://elsewhere.example.com/v1' } }, 'openai.api_key'],
      [{ openai: { base_url: null } }, 'openai.api_key'],
      [{ openai: { api_key: null } }, 'openai.base_url'],
      [{ openai: { api_key: '****zzzz' } }, 'openai.api_key'],
      [{ openai: { api_key: 'with space' } }, 'openai.api_key'],
      [{ openai: { modell: 'gpt-5' } }, 'openai.modell'],
      [{ twilio: { account_sid: 'AC99999999999999999999999999999999' } }, 'twilio.auth_token'],
      [{ twilio: { account_sid: '../../Accounts' } }, 'twilio.account_sid'],
      [{ assistant: { idle_minutes: 0 } }, 'assistant.idle_minutes'],
      [{ assistant: { history_turns: 101 } }, 'assistant.history_turns'],
    ];
    for (const [change, field] of refused) {
      const { status, body } = await patch(owner, { name: 'Astray', ...change });
      expect([JSON.stringify(change), status, body.details?.map((detail) => detail.field)]).toEqual([JSON.stringify(change), 400, [field]]);
    }
    expect(await rowOf(owner.client_id)).toBe(before);
    const fresh = await makeTenant(server.api);
    for (const [change, field] of [
      [{ openai: { base_url: 'https://models.example.com/v1' } }, 'openai.base_url'],
      [{ twilio: { account_sid: SID } }, 'twilio.auth_token'],
      [{ twilio: { auth_token: TOKEN } }, 'twilio.account_sid'],
    ] as const) {
      expect((await patch(fresh, change)).body.details).toMatchObject([{ field }]);
    }
  });

  it('lets the operator name a private address, which the owner then cannot turn to another', async () => {
    const owner = await makeTenant(server.api);
    const private_url = 'http://10.0.0.5:8000/v1';
    const made = await operatorOf(server.api)<Tenant>(`/tenants/${owner.client_id}`, {
      method: 'PATCH',
      json: { openai: { api_key: KEY, base_url: private_url } },
    });
    expect(made.body.openai).toMatchObject({ base_url: private_url, api_key: '****ghij' });
    expect((await patch(owner, { openai: { base_url: 'https://10.0.0.6/v1', api_key: KEY } })).status).toBe(400);
    expect((await patch(owner, { openai: { model: 'llama' } })).body.openai).toMatchObject({ base_url: private_url, model: 'llama' });
  });

  it('shows accounts to admins alone, and lets owners alone change them', async () => {
    const owner = await makeTenant(server.api);
    await patch(owner, { openai: { api_key: KEY } });
    const withRole = async (role: string): Promise<TestUser> => {
      const made = await makeUser(server.api, { client_id: owner.client_id });
      await owner.api(`/users/${made.id}`, { method: 'PATCH', json: { role } });
      return signIn(server.api, made);
    };
    const [staff, admin] = [await withRole('staff'), await withRole('admin')];
    expect('openai' in (await staff.api<Tenant>('/tenant')).body).toBe(false);
    expect((await admin.api<Tenant>('/tenant')).body.openai).toMatchObject({ api_key: '****ghij' });
    expect((await patch(admin, { openai: { api_key: KEY } })).status).toBe(403);
    const other = await makeTenant(server.api);
    expect((await other.api<Tenant>('/tenant')).body).toMatchObject({ openai: null, twilio: null });
  });
});

describe('the environment', () => {
  it('stops the start with a line for each wrong value', async () => {
    const env = { TWILIO_ACCOUNT_SID: 'nonsense', TWILIO_AUTH_TOKEN: 'x', OPENAI_BASE_URL: 'ftp://x', OPENAI_API_KEY: 'two words' };
    const failed = await startServer({ env }).then(
      () => 'it started',
      (error: unknown) => String(error),
    );
    for (const name of ['TWILIO_ACCOUNT_SID', 'OPENAI_BASE_URL', 'OPENAI_API_KEY']) expect(failed).toContain(`${name}: `);
    const half = await startServer({ env: { TWILIO_ACCOUNT_SID: SID } }).then(
      () => 'it started',
      (error: unknown) => String(error),
    );
    expect(half).toContain('TWILIO_AUTH_TOKEN: Twilio needs both');
  });
});
