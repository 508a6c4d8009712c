import { makeTenant, makeUser, signIn, type TestUser } from './client.js';
import type { Answer, Api } from './server.js';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** A tenant's owner, with one row of each kind of the master data. */
export interface Town {
  owner: TestUser;
  client_id: string;
  university_id: string;
  company_id: string;
  department_id: string;
  job_id: string;
}

/** Makes a tenant where students can meet speakers. */
export async function makeTown(api: Api, settings: object = {}): Promise<Town> {
  const owner = await makeTenant(api, undefined, settings);
  const entry = async (path: string, name: string): Promise<string> =>
    (await owner.api<{ id: string }>(path, { method: 'POST', json: { name } })).body.id;
  return {
    owner,
    client_id: owner.client_id,
    university_id: await entry('/universities', '会話大学'),
    company_id: await entry('/companies', '株式会社テスト'),
    department_id: await entry('/departments', '開発部'),
    job_id: (await owner.api<Array<{ id: string }>>('/jobs')).body[0]!.id,
  };
}

/** What a student, or a company user, says about themselves. */
export function profileOf(town: Town, type: 'student' | 'company', name: string): Record<string, string> {
  const { university_id, company_id, job_id, department_id } = town;
  const person = { name, date_of_birth: '2000-04-01', phone_number: '090-1234-5678', type };
  return type === 'student' ? { ...person, university_id } : { ...person, company_id, job_id, department_id, position: '課長' };
}

/** Makes a person with a profile, proven by papers unless told otherwise. */
export async function makePerson(
  api: Api,
  town: Town,
  type: 'student' | 'company',
  { name = type === 'student' ? '学生 花子' : '社員 太郎', is_authenticated = true } = {},
): Promise<TestUser> {
  const person = await makeUser(api, { client_id: town.client_id });
  expectStatus(await person.api('/users/me', { method: 'PUT', json: profileOf(town, type, name) }), 200);
  if (is_authenticated) {
    const certificate_id = await submitPapers(person);
    expectStatus(await town.owner.api(`/certificates/${certificate_id}/approve`, { method: 'POST' }), 200);
    expectStatus(await person.api('/notifications/read', { method: 'POST', json: {} }), 200);
  }
  return person;
}

/** Uploads an image of one point. */
export async function uploadImage({ api }: TestUser, name = 'card.png'): Promise<string> {
  const form = new FormData();
  form.set('file', new File([Buffer.from(PNG, 'base64')], name));
  const made = await api<{ id: string }>('/files', { method: 'POST', body: form });
  expectStatus(made, 201);
  return made.body.id;
}

/** Hands two images in as papers; answers the certificate's id. */
export async function submitPapers(person: TestUser): Promise<string> {
  const [type_card_file_id, identity_card_file_id] = [await uploadImage(person), await uploadImage(person, 'licence.png')];
  const made = await person.api<{ id: string }>('/certificates', { method: 'POST', json: { type_card_file_id, identity_card_file_id } });
  expectStatus(made, 201);
  return made.body.id;
}

/** Makes an admin of the tenant. */
export async function makeAdmin(api: Api, { owner, client_id }: Town): Promise<TestUser> {
  const person = await makeUser(api, { client_id });
  await owner.api(`/users/${person.id}`, { method: 'PATCH', json: { role: 'admin' } });
  return signIn(api, person);
}

/** So many minutes from now, to the second. */
export function minutesAhead(minutes: number): string {
  return new Date(Math.ceil(Date.now() / 1_000) * 1_000 + minutes * 60_000).toISOString();
}

function expectStatus({ status, body }: Answer, wanted: number): void {
  if (status !== wanted) throw new Error(`${status} in place of ${wanted}: ${JSON.stringify(body)?.slice(0, 2_000)}`);
}
