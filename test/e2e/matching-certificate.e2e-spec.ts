import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually, makeUser, operatorOf, type TestUser, withHeaders } from '../support/client.js';
import { makeAdmin, makePerson, makeTown, minutesAhead, submitPapers, type Town, uploadImage } from '../support/matching.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

interface Certificate {
  id: string;
  user_id: string;
  type_card_file_id: string | null;
  identity_card_file_id: string | null;
  status: string;
  reason: string | null;
  created_at: string;
  decided_at: string | null;
}

interface Refusal {
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

const NOBODY = '019ac1f0-0000-7000-8000-000000000000';

let server: TestServer;
let town: Town;
let admin: TestUser;
let stranger: TestUser;

beforeAll(async () => {
  server = await startServer();
  town = await makeTown(server.api);
  [admin, stranger] = await Promise.all([makeAdmin(server.api, town), makeUser(server.api, { client_id: town.client_id })]);
}, 60_000);

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
});

function guest(): Promise<TestUser> {
  return makePerson(server.api, town, 'student', { is_authenticated: false });
}

function submit<T = Certificate>(by: Api, type_card_file_id: string, identity_card_file_id: string): Promise<Answer<T>> {
  return by<T>('/certificates', { method: 'POST', json: { type_card_file_id, identity_card_file_id } });
}

function decide<T = Certificate>(by: Api, id: string, reason?: string): Promise<Answer<T>> {
  return reason === undefined
    ? by<T>(`/certificates/${id}/approve`, { method: 'POST' })
    : by<T>(`/certificates/${id}/reject`, { method: 'POST', json: { reason } });
}

async function selfOf({ api }: TestUser): Promise<{ is_authenticated: boolean; certificate_id: string | null; notifications: number }> {
  return (await api<{ is_authenticated: boolean; certificate_id: string | null; notifications: number }>('/users/me')).body;
}

describe('papers', () => {
  it('are handed in, rejected for a reason, handed in again and approved', async () => {
    const person = await guest();
    const [type_card_file_id, identity_card_file_id] = [await uploadImage(person), await uploadImage(person)];
    const first = await submit(person.api, type_card_file_id, identity_card_file_id);
    expect([first.status, first.body]).toEqual([
      201,
      {
        id: expect.any(String),
        user_id: person.id,
        type_card_file_id,
        identity_card_file_id,
        status: 'pending',
        reason: null,
        created_at: expect.any(String),
        decided_at: null,
      },
    ]);
    expect(await selfOf(person)).toMatchObject({ is_authenticated: false, certificate_id: first.body.id });
    const twice = await submit<Refusal>(person.api, type_card_file_id, identity_card_file_id);
    expect([twice.status, twice.body.code]).toEqual([409, 'CERTIFICATE_PENDING']);

    const rejected = await decide(admin.api, first.body.id, '名前が読めません');
    expect(rejected.body).toMatchObject({ status: 'rejected', reason: '名前が読めません', decided_at: expect.any(String) });
    expect((await person.api<Certificate>(`/certificates/${first.body.id}`)).body).toEqual(rejected.body);
    const again = await submit(person.api, type_card_file_id, identity_card_file_id);
    expect(again.status).toBe(201);
    expect((await decide(admin.api, again.body.id)).body.status).toBe('approved');
    expect(await selfOf(person)).toMatchObject({ is_authenticated: true, certificate_id: again.body.id, notifications: 2 });
    const told = await person.api<Array<{ type: string; object_id: string; text: string }>>('/notifications');
    expect(told.body).toMatchObject([
      { type: 'certificate.approved', object_id: again.body.id },
      { type: 'certificate.rejected', object_id: first.body.id, text: expect.stringContaining('名前が読めません') },
    ]);
    for (const id of [first.body.id, again.body.id]) {
      for (const late of [await decide<Refusal>(admin.api, id), await decide<Refusal>(admin.api, id, 'x')]) {
        expect([late.status, late.body.code]).toEqual([409, 'CERTIFICATE_DECIDED']);
      }
    }
  });

  it('wait in a queue, the oldest first, for admins alone', async () => {
    const ids = [await submitPapers(await guest()), await submitPapers(await guest())];
    const { body } = await admin.api<Certificate[]>('/certificates?status=pending&limit=200');
    expect(body.map(({ id }) => id).filter((id) => ids.includes(id))).toEqual(ids);
    expect(body.every(({ status }) => status === 'pending')).toBe(true);
    expect((await operatorOf(server.api, town.client_id)('/certificates')).status).toBe(200);
    expect((await stranger.api('/certificates')).status).toBe(403);
    expect((await server.api('/certificates')).status).toBe(401);
    expect((await admin.api('/certificates?status=lost')).status).toBe(400);
  });

  it('are decided by admins, and nobody else', async () => {
    const id = await submitPapers(await guest());
    const made = await town.owner.api<{ key: string }>('/api-keys', {
      method: 'POST',
      json: { name: 'k', scopes: ['matching', 'files', 'users'] },
    });
    const keyed = withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': town.client_id });
    for (const by of [stranger.api, keyed]) {
      expect((await decide(by, id)).status).toBe(403);
      expect((await decide(by, id, 'x')).status).toBe(403);
    }
    const foreign = await makeTown(server.api);
    for (const [by, name] of [
      [foreign.owner.api, id],
      [admin.api, NOBODY],
    ] as const) {
      for (const answer of [
        await decide<Refusal>(by, name),
        await decide<Refusal>(by, name, 'x'),
        await by<Refusal>(`/certificates/${name}`),
      ]) {
        expect([answer.status, answer.body.message]).toEqual([404, 'Certificate not found']);
      }
    }
    expect((await stranger.api(`/certificates/${id}`)).status).toBe(404);
    expect((await decide(admin.api, id, '')).status).toBe(400);
  });

  it('are the one’s own files, and images', async () => {
    const person = await guest();
    const [mine, theirs] = [await uploadImage(person), await uploadImage(stranger)];
    for (const [card, licence, fields] of [
      [theirs, mine, ['type_card_file_id']],
      [mine, theirs, ['identity_card_file_id']],
      [mine, NOBODY, ['identity_card_file_id']],
      [theirs, NOBODY, ['type_card_file_id', 'identity_card_file_id']],
    ] as const) {
      const { status, body } = await submit<Refusal>(person.api, card, licence);
      expect([status, body.code]).toEqual([400, 'UNKNOWN_FILE']);
      expect(body.details?.map(({ field }) => field)).toEqual(fields);
    }
    const same = await submit<Refusal>(person.api, mine, mine);
    expect([same.status, same.body.details?.map(({ field }) => field)]).toEqual([400, ['identity_card_file_id']]);
    const form = new FormData();
    form.set('file', new File(['hello'], 'card.txt'));
    const text = await person.api<{ id: string }>('/files', { method: 'POST', body: form });
    const refused = await submit<Refusal>(person.api, mine, text.body.id);
    expect([refused.status, refused.body.details?.map(({ field }) => field)]).toEqual([400, ['identity_card_file_id']]);
    expect((await selfOf(person)).certificate_id).toBeNull();
    expect((await submit(server.api, mine, mine)).status).toBe(401);
  });

  it('prove what the profile said when they were handed in, and nothing else', async () => {
    const person = await guest();
    const id = await submitPapers(person);
    const { body } = await town.owner.api<{ id: string }>('/universities', { method: 'POST', json: { name: '移り先大学' } });
    await person.api('/users/me', { method: 'PUT', json: { university_id: body.id } });
    const late = await decide<Refusal>(admin.api, id);
    expect([late.status, late.body.code]).toEqual([409, 'CERTIFICATE_OUTDATED']);
    expect((await decide(admin.api, id, 'もう一度')).status).toBe(200);
    expect((await selfOf(person)).is_authenticated).toBe(false);
  });

  it('keep their images while they wait for a decision, whoever would delete them', async () => {
    const person = await guest();
    const id = await submitPapers(person);
    const { body } = await person.api<Certificate>(`/certificates/${id}`);
    const images = [body.type_card_file_id, body.identity_card_file_id].map((file_id) => `/files/${file_id ?? ''}`);
    for (const image of images)
      for (const { api } of [person, admin])
        expect(await api<Refusal>(image, { method: 'DELETE' })).toMatchObject({ status: 409, body: { code: 'FILE_IN_USE' } });
    expect((await decide(admin.api, id, 'もう一度')).status).toBe(200);
    for (const image of images) expect((await person.api(image, { method: 'DELETE' })).status).toBe(204);
    expect(await person.api(`/certificates/${id}`)).toMatchObject({ body: { type_card_file_id: null, identity_card_file_id: null } });
  });

  it('are handed in with images that are there, whatever is deleted at the same time', async () => {
    const outcomes = await Promise.all(
      [...Array(8).keys()].map(async () => {
        const person = await guest();
        const [card, licence] = [await uploadImage(person), await uploadImage(person)];
        const [handed, gone] = await Promise.all([
          submit<{ id: string }>(person.api, card, licence),
          person.api(`/files/${licence}`, { method: 'DELETE' }),
        ]);
        return [handed.status, gone.status].join();
      }),
    );
    expect(outcomes.filter((outcome) => !['201,409', '400,204'].includes(outcome))).toEqual([]);
  });

  it('are decided once, however many decide at once', async () => {
    const person = await guest();
    const id = await submitPapers(person);
    const answers = await Promise.all([...Array(12).keys()].map((n) => decide(admin.api, id, n % 2 === 0 ? undefined : 'x')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(11).fill(409)]);
    const { body } = await person.api<Certificate>(`/certificates/${id}`);
    expect(await selfOf(person)).toMatchObject({ is_authenticated: body.status === 'approved', notifications: 1 });
  });
});

describe('the images', () => {
  it('are read by their owner and by admins alone, and each reading is noted', async () => {
    const [person, other] = await Promise.all([makePerson(server.api, town, 'student'), makePerson(server.api, town, 'company')]);
    const { certificate_id } = await selfOf(person);
    const file_id = (await person.api<Certificate>(`/certificates/${certificate_id ?? ''}`)).body.identity_card_file_id!;
    const booked = { speaker_id: other.id, date: minutesAhead(600), meeting_length: 30 };
    expect((await person.api('/matching', { method: 'POST', json: booked })).status).toBe(201);
    const made = await town.owner.api<{ key: string }>('/api-keys', {
      method: 'POST',
      json: { name: 'k', scopes: ['matching', 'files', 'users'] },
    });
    const keyed = withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': town.client_id });
    for (const by of [other.api, stranger.api, keyed]) expect((await by(`/files/${file_id}`)).status).toBe(404);
    expect((await server.api(`/files/${file_id}`)).status).toBe(401);
    for (const by of [person.api, admin.api]) {
      expect((await by(`/files/${file_id}/link`, { method: 'POST', json: {} })).status).toBe(403);
      expect((await by(`/files/${file_id}`)).status).toBe(200);
    }
    const { body: log } = await admin.api<Array<{ object_id: string; actor: { id: string } }>>('/audit-log?action=file.read&limit=200');
    const readers = log.filter(({ object_id }) => object_id === file_id).map(({ actor }) => actor.id);
    expect(readers.sort()).toEqual([admin.id, person.id].sort());
  });

  it('are given to nobody by a link that was made before', async () => {
    const person = await guest();
    const [card, licence] = [await uploadImage(person), await uploadImage(person)];
    const link = await person.api<{ url: string }>(`/files/${card}/link`, { method: 'POST', json: {} });
    const { pathname, search } = new URL(link.body.url);
    expect((await server.api(pathname + search)).status).toBe(200);
    expect((await submit(person.api, card, licence)).status).toBe(201);
    expect((await server.api(pathname + search)).status).toBe(404);
  });

  it('go once they were kept long enough after the decision, by the tenant’s setting', async () => {
    const lasting = await makeTown(server.api);
    await lasting.owner.api('/tenant', { method: 'PATCH', json: { matching: { certificate_retention_days: 365 } } });
    const [old, fresh, kept, open] = await Promise.all([
      makePerson(server.api, town, 'student'),
      makePerson(server.api, town, 'student'),
      makePerson(server.api, lasting, 'student'),
      guest(),
    ]);
    await submitPapers(open);
    const ageAll = `update certificates set created_at = now() - interval '100 days',
      decided_at = case when status = 'pending' then null when user_id = $2 then now() - interval '89 days' else now() - interval '91 days' end
      where user_id = any($1)`;
    await sql(server.database_url, ageAll, [[old.id, fresh.id, kept.id, open.id], fresh.id]);
    const filesOf = async (person: TestUser): Promise<Array<string | null>> => {
      const { certificate_id } = await selfOf(person);
      const { body } = await person.api<Certificate>(`/certificates/${certificate_id ?? ''}`);
      return [body.type_card_file_id, body.identity_card_file_id];
    };
    const before = await filesOf(old);
    await sql(server.database_url, `select graphile_worker.add_job('certificates.sweep')`);
    await eventually(
      () => filesOf(old),
      (files) => files.every((file) => file === null),
      15_000,
    );
    for (const id of before) expect((await old.api(`/files/${id ?? ''}`)).status).toBe(404);
    for (const person of [fresh, kept, open]) expect((await filesOf(person)).every((file) => file !== null)).toBe(true);
    expect((await selfOf(old)).is_authenticated).toBe(true);
    const { body } = await admin.api<object[]>('/audit-log?action=certificate.images_deleted');
    expect(body).toMatchObject([{ details: { count: 1 }, actor: { kind: 'anonymous' } }]);
  });

  it('that a later certificate still needs stay, and the audit log says nothing of them', async () => {
    const place = await makeTown(server.api);
    const person = await makeUser(server.api, { client_id: place.client_id });
    const [card, licence] = [await uploadImage(person), await uploadImage(person)];
    const first = await submit(person.api, card, licence);
    const reject = { method: 'POST', json: { reason: '読めません' } };
    expect((await place.owner.api(`/certificates/${first.body.id}/reject`, reject)).status).toBe(200);
    expect((await submit(person.api, card, licence)).status).toBe(201);
    await sql(server.database_url, `update certificates set decided_at = now() - interval '91 days' where id = $1`, [first.body.id]);
    for (let sweeps = 0; sweeps < 2; sweeps++) {
      const marker = await makePerson(server.api, town, 'student');
      await sql(server.database_url, `update certificates set decided_at = now() - interval '91 days' where user_id = $1`, [marker.id]);
      await sql(server.database_url, `select graphile_worker.add_job('certificates.sweep')`);
      await eventually(
        () => sql(server.database_url, 'select 1 from certificates where user_id = $1 and type_card_file_id is not null', [marker.id]),
        (left) => left.length === 0,
        15_000,
      );
    }
    expect((await place.owner.api('/audit-log?action=certificate.images_deleted')).body).toEqual([]);
    expect((await person.api(`/files/${card}`)).status).toBe(200);
  });
});
