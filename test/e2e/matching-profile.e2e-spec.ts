import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeUser, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import { makeAdmin, makePerson, makeTown, profileOf, type Town } from '../support/matching.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';

interface Profile {
  id: string;
  username: string;
  name: string | null;
  type: string | null;
  university_id: string | null;
  company_id: string | null;
  job_id: string | null;
  is_authenticated: boolean;
}

interface Entry {
  id: string;
  name: string;
}

interface Refusal {
  code: string;
  message: string;
  details?: Array<{ field: string; message: string }>;
}

const NOBODY = '019ac1f0-0000-7000-8000-000000000000';
const NOUNS = [
  ['universities', 'University not found'],
  ['companies', 'Company not found'],
  ['departments', 'Department not found'],
] as const;

let server: TestServer;
let town: Town;
let admin: TestUser;
let member: TestUser;
let foreign: Town;

beforeAll(async () => {
  server = await startServer();
  [town, foreign] = await Promise.all([makeTown(server.api), makeTown(server.api)]);
  [admin, member] = await Promise.all([makeAdmin(server.api, town), makeUser(server.api, { client_id: town.client_id })]);
}, 60_000);

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  expect(server.logs()).not.toMatch(/"level":"(error|fatal)"/);
});

function put<T = Profile>(by: TestUser, json: object): Promise<Answer<T>> {
  return by.api<T>('/users/me', { method: 'PUT', json });
}

async function faults(answering: Promise<Answer<Refusal>>): Promise<string[]> {
  const { status, body } = await answering;
  expect(status).toBe(400);
  return (body.details ?? []).map(({ field }) => field).sort();
}

describe('a profile', () => {
  it('says what it must once a type is given, all at once', async () => {
    const user = await makeUser(server.api, { client_id: town.client_id });
    const person = ['date_of_birth', 'name', 'phone_number'];
    expect(await faults(put(user, { type: 'student' }))).toEqual([...person, 'university_id']);
    expect(await faults(put(user, { type: 'company' }))).toEqual(['company_id', ...person, 'job_id'].sort());
    expect(await faults(put(user, { university_id: town.university_id }))).toEqual(['university_id']);
    const student = profileOf(town, 'student', '花子');
    expect(await faults(put(user, { ...student, company_id: town.company_id }))).toEqual(['company_id']);
    expect(await faults(put(user, { ...student, type: 'teacher' }))).toEqual(['type']);
    expect((await put(user, student)).body).toMatchObject({ type: 'student', university_id: town.university_id, company_id: null });
    expect(await faults(put(user, { name: null, university_id: null }))).toEqual(['name', 'university_id']);
    expect((await put(user, { name: '花' })).body).toMatchObject({ name: '花', type: 'student' });
  });

  it('names what is there, and nothing of another tenant', async () => {
    const wrong = [
      { university_id: NOBODY },
      { university_id: foreign.university_id },
      { department_id: foreign.department_id },
      { job_id: NOBODY },
    ];
    for (const json of wrong) {
      expect(await faults(put(member, { ...profileOf(town, 'student', '花子'), ...json }))).toEqual(Object.keys(json));
    }
    const company = { ...profileOf(town, 'company', '太郎'), company_id: foreign.company_id };
    expect(await faults(put(member, company))).toEqual(['company_id']);
  });

  it('comes with registration too, or the account does not', async () => {
    const account = (): object => {
      const username = uniqueName('u');
      return { username, email: `${username}@example.com`, password: 'correct-horse-battery-7' };
    };
    const register = <T = Profile>(json: object): Promise<Answer<T>> =>
      server.api<T>('/users', { method: 'POST', json, headers: { 'x-client-id': town.client_id } });
    const made = await register({ ...account(), ...profileOf(town, 'company', '太郎') });
    expect([made.status, made.body.type, made.body.is_authenticated]).toEqual([201, 'company', false]);
    const refused = account();
    expect(await faults(register<Refusal>({ ...refused, type: 'company' }))).toContain('company_id');
    expect(await faults(register<Refusal>({ ...refused, ...profileOf(foreign, 'student', '花子') }))).toEqual(['university_id']);
    expect(await faults(register<Refusal>({ ...refused, is_authenticated: true }))).toEqual(['is_authenticated']);
    expect((await register(refused)).status).toBe(201);
  });

  it('is not proven any more once the type or the affiliation is another one', async () => {
    const person = await makePerson(server.api, town, 'student');
    expect(
      (await put(person, { name: '花', phone_number: '080-1111-2222', university_id: town.university_id })).body.is_authenticated,
    ).toBe(true);
    const { body: other } = await town.owner.api<Entry>('/universities', { method: 'POST', json: { name: '別の大学' } });
    expect((await put(person, { university_id: other.id })).body.is_authenticated).toBe(false);
    const hired = await put(await makePerson(server.api, town, 'student'), {
      type: 'company',
      company_id: town.company_id,
      job_id: town.job_id,
    });
    expect(hired.body).toMatchObject({ type: 'company', university_id: null, is_authenticated: false });
  });

  it('is held by the database itself', async () => {
    const person = await makePerson(server.api, town, 'student', { is_authenticated: false });
    const set = (text: string): Promise<unknown> => sql(server.database_url, `update users set ${text} where id = '${person.id}'`);
    await expect(set('university_id = null')).rejects.toThrow('users_affiliation');
    await expect(set(`company_id = '${town.company_id}'`)).rejects.toThrow('users_affiliation');
    await expect(set(`type = 'company'`)).rejects.toThrow('users_affiliation');
    await expect(set('name = null')).rejects.toThrow('users_type_complete');
    await expect(set(`university_id = '${foreign.university_id}'`)).rejects.toThrow('users_university_fkey');
    await expect(set(`job_id = '${NOBODY}'`)).rejects.toThrow('users_job_id_check');
  });
});

describe('master data', () => {
  it('has three kinds of work, fixed', async () => {
    const { body } = await member.api<Entry[]>('/jobs');
    expect(body.map(({ name }) => name)).toEqual(['エンジニア', '総合職', '研究職']);
    const first = await member.api<Entry[]>('/jobs?limit=2');
    const link = /<([^>]+)>; rel="next"/.exec(first.headers.get('link') ?? '')?.[1] as string;
    const rest = await member.api<Entry[]>(link.slice(server.url.length));
    expect([...first.body, ...rest.body]).toEqual(body);
    expect([first.body.length, rest.headers.get('link')]).toEqual([2, null]);
    for (const query of ['limit=0', 'limit=201', 'limit=x', 'cursor=x']) expect((await member.api(`/jobs?${query}`)).status).toBe(400);
    expect((await admin.api('/jobs', { method: 'POST', json: { name: '社長' } })).status).toBe(405);
    expect((await server.api('/jobs')).status).toBe(401);
  });

  it.each(NOUNS)('%s: admins keep it, everybody reads it, by name and page', async (path, absent) => {
    const mark = uniqueName('m');
    const add = <T = Entry>(by: Api, name: string): Promise<Answer<T>> => by<T>(`/${path}`, { method: 'POST', json: { name } });
    for (const name of [`${mark} ウ`, `${mark} ア`, `${mark} イ`]) expect((await add(admin.api, name)).status).toBe(201);
    const names: string[] = [];
    let next: string | undefined = `/${path}?limit=2&q=${mark.toUpperCase()}`;
    while (next) {
      const page: Answer<Entry[]> = await member.api<Entry[]>(next);
      names.push(...page.body.map(({ name }) => name));
      next = /<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1];
    }
    expect(names).toEqual([`${mark} ア`, `${mark} イ`, `${mark} ウ`]);

    const taken = await add<Refusal>(admin.api, `${mark.toUpperCase()} ア`);
    expect([taken.status, taken.body.code]).toEqual([409, 'NAME_TAKEN']);
    expect(await faults(add<Refusal>(admin.api, '  '))).toEqual(['name']);
    expect((await add(member.api, 'x')).status).toBe(403);
    expect((await add(server.api, 'x')).status).toBe(401);

    const { id } = (await add(admin.api, `${mark} エ`)).body;
    const rename = <T = Entry>(by: Api, name: string, to = id): Promise<Answer<T>> =>
      by<T>(`/${path}/${to}`, { method: 'PATCH', json: { name } });
    expect((await rename(admin.api, ` ${mark} オ `)).body).toEqual({ id, name: `${mark} オ` });
    expect((await rename<Refusal>(admin.api, `${mark} ア`)).body.code).toBe('NAME_TAKEN');
    expect((await rename(member.api, 'x')).status).toBe(403);
    for (const gone of [await rename<Refusal>(admin.api, 'x', NOBODY), await rename<Refusal>(foreign.owner.api, 'x')]) {
      expect([gone.status, gone.body.message]).toEqual([404, absent]);
    }
    expect((await foreign.owner.api<Entry[]>(`/${path}?q=${mark}`)).body).toEqual([]);
    expect((await member.api(`/${path}/${id}`, { method: 'DELETE' })).status).toBe(403);
    expect((await admin.api(`/${path}/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await admin.api<Refusal>(`/${path}/${id}`, { method: 'DELETE' })).body.message).toBe(absent);
  });

  it('stays while a profile names it', async () => {
    await Promise.all([
      makePerson(server.api, town, 'student', { is_authenticated: false }),
      makePerson(server.api, town, 'company', { is_authenticated: false }),
    ]);
    for (const path of [`/universities/${town.university_id}`, `/companies/${town.company_id}`, `/departments/${town.department_id}`]) {
      const { status, body } = await admin.api<Refusal>(path, { method: 'DELETE' });
      expect([status, body.code]).toEqual([409, 'ENTRY_IN_USE']);
    }
  });

  it('takes API keys that have the scope', async () => {
    const keyed = async (scope: string): Promise<number> => {
      const made = await town.owner.api<{ key: string }>('/api-keys', { method: 'POST', json: { name: 'k', scopes: [scope] } });
      const api = withHeaders(server.api, { authorization: `Bearer ${made.body.key}`, 'x-client-id': town.client_id });
      return (await api('/universities', { method: 'POST', json: { name: uniqueName('k') } })).status;
    };
    expect([await keyed('matching'), await keyed('users')]).toEqual([201, 403]);
  });
});

describe('the search of speakers', () => {
  let place: Town;
  let seeker: TestUser;
  const people = new Map<string, TestUser>();

  beforeAll(async () => {
    place = await makeTown(server.api);
    seeker = await makePerson(server.api, place, 'student', { name: '学生 一郎', is_authenticated: false });
    const { body: bank } = await place.owner.api<Entry>('/companies', { method: 'POST', json: { name: 'みらい銀行' } });
    const jobs = (await place.owner.api<Entry[]>('/jobs')).body;
    const speakers: Array<[string, object]> = [
      ['田中 太郎', { position: '課長' }],
      ['田村 次郎', { position: '部長', job_id: jobs[1]!.id }],
      ['Ｓｕｚｕｋｉ Hanako', { company_id: bank.id, position: '研究主任', job_id: jobs[2]!.id, department_id: null }],
    ];
    for (const [name, changes] of speakers) {
      const person = await makePerson(server.api, place, 'company', { name, is_authenticated: false });
      await put(person, changes);
      people.set(name, person);
    }
  }, 60_000);

  const found = async (query: Record<string, string>, by = seeker): Promise<string[]> => {
    const { status, body } = await by.api<Profile[]>(`/users?${new URLSearchParams(query).toString()}`);
    expect(status).toBe(200);
    return body.map(({ name }) => name ?? '').sort();
  };

  it('narrows by every field', async () => {
    const jobs = (await place.owner.api<Entry[]>('/jobs')).body;
    const [tanaka, tamura, suzuki] = ['田中 太郎', '田村 次郎', 'Ｓｕｚｕｋｉ Hanako'];
    expect(await found({ type: 'company' })).toEqual([suzuki, tanaka, tamura].sort());
    expect(await found({ type: 'student' })).toEqual(['学生 一郎']);
    expect(await found({ university_id: place.university_id })).toEqual(['学生 一郎']);
    expect(await found({ company_id: place.company_id })).toEqual([tanaka, tamura].sort());
    expect(await found({ department_id: place.department_id })).toEqual([tanaka, tamura].sort());
    expect(await found({ job_id: jobs[1]!.id })).toEqual([tamura]);
    expect(await found({ position: '長' })).toEqual([tanaka, tamura].sort());
    expect(await found({ company_id: place.company_id, position: '課' })).toEqual([tanaka]);
    expect(await found({ company_id: foreign.company_id })).toEqual([]);
    expect((await seeker.api('/users?type=teacher')).status).toBe(400);
  });

  it('finds words wherever they stand: in names, positions, companies, departments, jobs; in any width and case', async () => {
    const [tanaka, tamura, suzuki] = ['田中 太郎', '田村 次郎', 'Ｓｕｚｕｋｉ Hanako'];
    expect(await found({ q: '田' })).toEqual([tanaka, tamura].sort());
    expect(await found({ q: '田中 太郎' })).toEqual([tanaka]);
    expect(await found({ q: 'suzuki' })).toEqual([suzuki]);
    expect(await found({ q: 'ＨＡＮＡＫＯ　銀行' })).toEqual([suzuki]);
    expect(await found({ q: '部長' })).toEqual([tamura]);
    expect(await found({ q: '研究職' })).toEqual([suzuki]);
    expect(await found({ q: '開発部 課長' })).toEqual([tanaka]);
    expect(await found({ q: '銀行 田中' })).toEqual([]);
    expect(await found({ q: '会話大学' })).toEqual(['学生 一郎']);
    expect(await found({ q: "%' or 1=1" })).toEqual([]);
  });

  it('shows public fields alone, page by page', async () => {
    const page = await seeker.api<Profile[]>('/users?type=company&limit=2');
    const next = /<([^>]+)>/.exec(page.headers.get('link') ?? '')?.[1];
    const rest = await seeker.api<Profile[]>(next!);
    expect(new Set([...page.body, ...rest.body].map(({ id }) => id)).size).toBe(3);
    for (const person of [...page.body, ...rest.body]) {
      for (const field of ['email', 'phone_number', 'date_of_birth', 'role', 'certificate_id']) expect(person).not.toHaveProperty(field);
    }
    expect((await place.owner.api<object[]>('/users?type=company')).body[0]).toHaveProperty('date_of_birth');
  });
});
