import { randomUUID } from 'node:crypto';
import type { ApiScope, Role } from '../../src/platform/scope/index.js';
import { makeTenant, makeUser, signIn, type TestUser, uniqueName, withHeaders } from '../support/client.js';
import { makePerson, minutesAhead, submitPapers, type Town } from '../support/matching.js';
import type { Api } from '../support/server.js';
import type { Json } from './api-document.js';

export const SCOPES: readonly ApiScope[] = ['phone', 'settings', 'rooms', 'files', 'pages', 'matching', 'users'];

/** One tenant with somebody of each role, and one object of each kind. */
export interface Side {
  client_id: string;
  /** Requests without a credential, in this tenant. */
  anonymous: Api;
  people: Record<Role, TestUser>;
  /** What stands in for each parameter and field, by its key in the registries below. */
  values: Map<string, string>;
}

/** An object that a caller names in a path, a query or a body. */
export interface Specimen {
  /** Makes one and answers its name; what was made before it may be used. `place` is 0 in the first tenant and 1 in the second. */
  make: (side: Side, place: number) => Promise<string> | string;
  /** A name that nobody has. */
  missing: () => string;
}

/** What is no object: whatever the caller likes, the same in every tenant. */
export interface FreeValue {
  free: string;
}

const JOB_ID = '019ac000-0000-7000-8000-000000000001';

const user: Specimen = { make: ({ people }) => people.member.id, missing: randomUUID };
const page: Specimen = { make: ({ values }) => valueOf(values, 'pages/{id}'), missing: randomUUID };
const room: Specimen = { make: ({ values }) => valueOf(values, 'rooms/{id}'), missing: () => uniqueName('nowhere') };

/**
 * What stands for each path parameter, by the segment before it. A route with another parameter fails the sweep until somebody says
 * here how such an object is made; the order is the order of making.
 */
export const PATH_SPECIMENS: Record<string, Specimen | FreeValue> = {
  'rooms/{id}': {
    make: async ({ people }) => idOf(await people.owner.api('/rooms', post({ id: uniqueName('room'), name: 'Sweep', visibility: 'open' }))),
    missing: () => uniqueName('nowhere'),
  },
  'members/{user_id}': {
    make: async ({ people, values }) => {
      await expectOk(people.owner.api(`/rooms/${valueOf(values, 'rooms/{id}')}/members/${people.member.id}`, { method: 'PUT', json: {} }));
      return people.member.id;
    },
    missing: randomUUID,
  },
  'messages/{seq}': {
    // The first tenant's room has more messages than the second's, so that its last one is none of the second's.
    make: async ({ people, values }, place) => {
      let seq = 0;
      for (let count = 0; count < 4 - place * 2; count++) {
        const message = await expectOk(
          people.owner.api(`/rooms/${valueOf(values, 'rooms/{id}')}/messages`, post({ content: `Sweep ${count}` })),
        );
        seq = message['seq'] as number;
      }
      return String(seq);
    },
    missing: () => '999999',
  },
  'reactions/{emoji}': { free: '👍' },
  'users/{id}': { make: async ({ anonymous, client_id }) => (await makeUser(anonymous, { client_id })).id, missing: randomUUID },
  'api-keys/{id}': { make: async ({ people }) => idOf(await people.owner.api('/api-keys', post({ name: 'Sweep' }))), missing: randomUUID },
  'invitations/{id}': {
    make: async ({ people }) => idOf(await people.owner.api('/invitations', post({ email: `${uniqueName('guest')}@example.com` }))),
    missing: randomUUID,
  },
  // The test's telephone provider has a recording RE… of the call CA… for each that begins so.
  'recording/{sid}': {
    make: async ({ people, values }) => {
      const name = `5eeb${uniqueName('a')}`;
      values.set('?id', idOf(await people.owner.api('/call', post({ phone_number: '09012345678', call_sid: `CA${name}` }))));
      return `RE${name}`;
    },
    missing: () => `RE5eeb${uniqueName('b')}`,
  },
  'calls/{id}': {
    // Between two who do nothing else here, and over: it changes no more by itself.
    make: async ({ anonymous, client_id }) => {
      const [caller, callee] = await Promise.all([makeUser(anonymous, { client_id }), makeUser(anonymous, { client_id })]);
      const id = idOf(await caller.api('/calls', post({ callee_id: callee.id })));
      // It would be missed in the midst of the sweep.
      await expectOk(caller.api(`/calls/${id}/end`, { method: 'POST' }));
      return id;
    },
    missing: randomUUID,
  },
  'faq/{question}': {
    make: async ({ people }) => {
      const question = uniqueName('sweep-');
      await expectOk(people.owner.api('/faq', post({ question, answer: 'Sweep' })));
      return question;
    },
    missing: () => uniqueName('unasked'),
  },
  'task/{name}': {
    make: async ({ people }) => {
      const name = uniqueName('sweep-');
      await expectOk(
        people.owner.api('/task', post({ name, phone_number: '09012345678', start_datetime: '2026-12-01T10:00:00', request: 'Sweep' })),
      );
      return name;
    },
    missing: () => uniqueName('unplanned'),
  },
  // Before the versions, which are its own too.
  'pages/{id}': {
    make: async ({ people }) => {
      const page = await expectOk(people.owner.api('/pages', post({ title: 'Sweep', content: '<p>Sweep</p>', access_type: 0 })));
      return page['id'] as string;
    },
    missing: randomUUID,
  },
  'page/{id}': page,
  'versions/{version}': {
    // The first tenant has written more versions of everything than the second, so that its last one is none of the second's.
    make: async ({ people, values }, place) => {
      const last = 4 - place * 2;
      for (let count = 0; count < last; count++) {
        await expectOk(people.owner.api('/prompt', { method: 'PUT', json: { prompt: `Sweep ${count}` } }));
        for (const path of ['/func-config', '/ext-tools']) await expectOk(people.owner.api(path, { method: 'PUT', json: { tools: [] } }));
      }
      // A page's first version is made with it.
      const path = `/pages/${valueOf(values, 'pages/{id}')}`;
      for (let count = 1; count < last; count++) await expectOk(people.owner.api(path, { method: 'PUT', json: { title: 'Sweep' } }));
      return String(last);
    },
    missing: () => '999999',
  },
  // After the versions, whose making takes all tools away.
  'ext-tools/{name}': {
    make: async ({ people }) => {
      const name = uniqueName('sweep_');
      const parameters = { type: 'object', properties: {} };
      const tool = { name, description: 'Sweep', parameters, method: 'GET', url: 'https://8.8.8.8/' };
      await expectOk(people.owner.api('/ext-tools', { method: 'PUT', json: { tools: [tool] } }));
      return name;
    },
    missing: () => uniqueName('toolless_'),
  },
  'files/{id}': { make: ({ people }) => uploadAs(people.owner), missing: randomUUID },
  'universities/{id}': masterData('universities'),
  'companies/{id}': masterData('companies'),
  'departments/{id}': masterData('departments'),
  'certificates/{id}': { make: ({ people }) => submitPapers(people.member), missing: randomUUID },
  'matching/{id}': { make: makeMatching, missing: randomUUID },
  'meetings/{id}': {
    make: async ({ people, values }) => idOf(await people.owner.api('/meeting', post({ matching_id: valueOf(values, 'matching/{id}') }))),
    missing: randomUUID,
  },
  'recordings/{take_id}': { make: () => randomUUID(), missing: randomUUID },
  'uploads/{id}': {
    make: async ({ people }) => {
      const made = await people.owner.api('/uploads', { method: 'POST', headers: { 'tus-resumable': '1.0.0', 'upload-length': '9' } });
      return made.headers.get('location')?.split('/').at(-1) ?? '';
    },
    missing: randomUUID,
  },
  'tenants/{client_id}': { make: ({ client_id }) => client_id, missing: () => uniqueName('nobody') },
};

/**
 * The same for fields of queries and bodies that name an object (`?name` for what it is in a query alone): every field that is a UUID or ends in `id` or `ids` must stand here, and others
 * that name one may.
 */
export const FIELD_SPECIMENS: Record<string, Specimen | FreeValue> = {
  room_id: room,
  sender_id: user,
  actor_id: user,
  user_id: user,
  caller_id: user,
  callee_id: user,
  call_id: { make: ({ values }) => valueOf(values, 'calls/{id}'), missing: randomUUID },
  member_ids: user,
  ids: user,
  allowed_user_ids: user,
  co_editor_user_ids: user,
  usernames: { make: ({ people }) => people.member.username, missing: () => uniqueName('nobody') },
  invitation: {
    make: async ({ people }) => {
      const made = await expectOk(people.owner.api('/invitations', post({ email: 'guest@example.com' })));
      return made['token'] as string;
    },
    missing: () => uniqueName('none'),
  },
  '?id': { make: ({ values }) => valueOf(values, '?id'), missing: randomUUID },
  '?call_sid': {
    make: ({ values }) => `CA${valueOf(values, 'recording/{sid}').slice(2)}`,
    missing: () => `CA${uniqueName('none')}`,
  },
  '?recording_sid': { make: ({ values }) => valueOf(values, 'recording/{sid}'), missing: () => `RE5eeb${uniqueName('b')}` },
  file_ids: { make: ({ people }) => uploadAs(people.member), missing: randomUUID },
  university_id: { make: ({ values }) => valueOf(values, 'universities/{id}'), missing: randomUUID },
  company_id: { make: ({ values }) => valueOf(values, 'companies/{id}'), missing: randomUUID },
  department_id: { make: ({ values }) => valueOf(values, 'departments/{id}'), missing: randomUUID },
  job_id: { free: JOB_ID },
  type_card_file_id: { make: ({ people }) => uploadAs(people.member), missing: randomUUID },
  identity_card_file_id: { make: ({ people }) => uploadAs(people.member), missing: randomUUID },
  speaker_id: user,
  listener_id: user,
  matching_id: { make: ({ values }) => valueOf(values, 'matching/{id}'), missing: randomUUID },
  id: { free: 'sweep' },
  client_id: { free: 'sweep' },
  client_message_id: { free: 'sweep-1' },
};

/** Bodies that an operation's least example does not serve for: those that must be somebody's own, or name whom an API key acts for. */
export const BODIES: Record<string, (side: Side, is_by_key: boolean) => Json> = {
  postMessage: ({ people }, is_by_key) => ({ content: 'Sweep', ...(is_by_key ? { sender_id: people.member.id } : {}) }),
  createPage: ({ people }, is_by_key) => ({
    title: 'Sweep',
    content: '<p>Sweep</p>',
    access_type: 0,
    ...(is_by_key ? { user_id: people.member.id } : {}),
  }),
  startCall: ({ people }, is_by_key) => ({ callee_id: people.staff.id, ...(is_by_key ? { caller_id: people.member.id } : {}) }),
  acceptCall: ({ people }, is_by_key) => (is_by_key ? { user_id: people.member.id } : {}),
  declineCall: ({ people }, is_by_key) => (is_by_key ? { user_id: people.member.id } : {}),
  endCall: ({ people }, is_by_key) => (is_by_key ? { user_id: people.member.id } : {}),
  loginForTokens: ({ people: { member } }) => ({ email: member.email, password: member.password }),
  chat: () => ({ phone_number: '09012345678', user_text: 'Sweep' }),
  register: () => ({ username: uniqueName('guest'), email: 'guest@example.com', password: 'correct-horse-battery-7' }),
  registerByEmail: () => ({ email: 'guest@example.com', password: 'correct-horse-battery-7' }),
  createUser: () => ({ username: uniqueName('guest'), email: 'guest@example.com', password: 'correct-horse-battery-7' }),
};

function masterData(path: string): Specimen {
  return { make: async ({ people }) => idOf(await people.owner.api(`/${path}`, post({ name: uniqueName('entry') }))), missing: randomUUID };
}

function townOf({ people, client_id, values }: Side): Town {
  const [university_id, company_id, department_id] = ['universities', 'companies', 'departments'].map((name) =>
    valueOf(values, `${name}/{id}`),
  ) as [string, string, string];
  return { owner: people.owner, client_id, university_id, company_id, department_id, job_id: JOB_ID };
}

/** A booked talk between two who have proven who they are. */
async function makeMatching(side: Side): Promise<string> {
  const town = townOf(side);
  const [student, speaker] = await Promise.all([makePerson(side.anonymous, town, 'student'), makePerson(side.anonymous, town, 'company')]);
  return idOf(await student.api('/matching', post({ speaker_id: speaker.id, date: minutesAhead(1_440), meeting_length: 30 })));
}

/** True for the names of fields that must stand among the specimens. */
export function namesAnObject(name: string, schema: Json): boolean {
  const items = schema['items'] as Json | undefined;
  return name in FIELD_SPECIMENS || /(^|_)ids?$/.test(name) || schema['format'] === 'uuid' || items?.['format'] === 'uuid';
}

/** The key of a query's parameter: what it is in a query, where it is something else in a body. */
export function queryKey(name: string): string {
  return `?${name}` in FIELD_SPECIMENS ? `?${name}` : name;
}

/** `/rooms/{id}/members/{user_id}` → `rooms/{id}`, `members/{user_id}`. */
export function pathKeys(path: string): string[] {
  return [...path.matchAll(/([^/{}]+)\/\{(\w+)\}/g)].map(([, segment = '', name = '']) => `${segment}/{${name}}`);
}

/** A path with its parameters filled in. */
export function fillPath(path: string, value: (key: string) => string): string {
  return path.replaceAll(/([^/{}]+)\/\{(\w+)\}/g, (_match, segment: string, name: string) => {
    return `${segment}/${encodeURIComponent(value(`${segment}/{${name}}`))}`;
  });
}

/** What stands for a key, or an error that says what to add. */
export function specimenOf(registry: Record<string, Specimen | FreeValue>, key: string, where: string): Specimen | FreeValue {
  const found = registry[key];
  if (!found) {
    const name = registry === PATH_SPECIMENS ? 'PATH_SPECIMENS' : 'FIELD_SPECIMENS';
    throw new Error(`${where}: nothing stands for ${key} yet. Add to ${name} in test/architecture/specimens.ts how such an object is made`);
  }
  return found;
}

/** Makes a tenant with people and objects. */
export async function makeSide(api: Api, place: number): Promise<Side> {
  const client_id = uniqueName(place === 0 ? 'alpha' : 'beta');
  const owner = await makeTenant(api, client_id);
  const roles: Role[] = ['member', 'staff', 'admin'];
  const [member, staff, admin] = await Promise.all(
    roles.map(async (role) => {
      const person = await makeUser(api, { client_id });
      await expectOk(owner.api(`/users/${person.id}`, { method: 'PATCH', json: { role } }));
      return role === 'member' ? person : signIn(api, person);
    }),
  );
  const anonymous = withHeaders(api, { 'x-client-id': client_id });
  const side: Side = { client_id, anonymous, people: { owner, member: member!, staff: staff!, admin: admin! }, values: new Map() };
  for (const registry of [PATH_SPECIMENS, FIELD_SPECIMENS]) {
    for (const [key, specimen] of Object.entries(registry)) {
      side.values.set(key, 'free' in specimen ? specimen.free : await specimen.make(side, place));
    }
  }
  return side;
}

function valueOf(values: Side['values'], key: string): string {
  const value = values.get(key);
  if (value === undefined) throw new Error(`${key} is not made yet: mind the order in test/architecture/specimens.ts`);
  return value;
}

/** Uploads a small file and answers its id. */
async function uploadAs({ api }: TestUser): Promise<string> {
  const form = new FormData();
  form.set('file', new File([`Sweep ${uniqueName('f')}`], 'sweep.txt'));
  return idOf(await api('/files', { method: 'POST', body: form }));
}

function post(json: Json): { method: string; json: Json } {
  return { method: 'POST', json };
}

function idOf({ status, body }: { status: number; body: Json }): string {
  if (status !== 201) throw new Error(`A specimen could not be made: ${status} ${JSON.stringify(body)}`);
  return body['id'] as string;
}

async function expectOk(answering: Promise<{ status: number; body: Json }>): Promise<Json> {
  const { status, body } = await answering;
  if (status >= 300) throw new Error(`A specimen could not be made: ${status} ${JSON.stringify(body)}`);
  return body;
}
