import { randomUUID } from 'node:crypto';
import type { ApiScope, Role } from '../../src/platform/scope/index.js';
import { makeTenant, makeUser, signIn, type TestUser, uniqueName, withHeaders } from '../support/client.js';
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
  'files/{id}': { make: ({ people }) => uploadAs(people.owner), missing: randomUUID },
  'pages/{id}': {
    make: async ({ people }) => {
      const page = await expectOk(people.owner.api('/pages', post({ title: 'Sweep', content: '<p>Sweep</p>', access_type: 0 })));
      return page['id'] as string;
    },
    missing: randomUUID,
  },
  'page/{id}': page,
  'versions/{version}': {
    // The first tenant's page has more versions than the second's, so that its last one is none of the second's.
    make: async ({ people, values }, place) => {
      const path = `/pages/${valueOf(values, 'pages/{id}')}`;
      for (let count = 0; count < 2 - place * 2; count++)
        await expectOk(people.owner.api(path, { method: 'PUT', json: { title: 'Sweep' } }));
      return String(3 - place * 2);
    },
    missing: () => '999999',
  },
  'tenants/{client_id}': { make: ({ client_id }) => client_id, missing: () => uniqueName('nobody') },
};

/**
 * The same for fields of queries and bodies that name an object: every field that is a UUID or ends in `id` or `ids` must stand here, and others
 * that name one may.
 */
export const FIELD_SPECIMENS: Record<string, Specimen | FreeValue> = {
  room_id: room,
  sender_id: user,
  actor_id: user,
  member_ids: user,
  ids: user,
  user_id: user,
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
  file_ids: { make: ({ people }) => uploadAs(people.member), missing: randomUUID },
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
  loginForTokens: ({ people: { member } }) => ({ email: member.email, password: member.password }),
  register: () => ({ username: uniqueName('guest'), email: 'guest@example.com', password: 'correct-horse-battery-7' }),
  registerByEmail: () => ({ email: 'guest@example.com', password: 'correct-horse-battery-7' }),
  createUser: () => ({ username: uniqueName('guest'), email: 'guest@example.com', password: 'correct-horse-battery-7' }),
};

/** True for the names of fields that must stand among the specimens. */
export function namesAnObject(name: string, schema: Json): boolean {
  const items = schema['items'] as Json | undefined;
  return name in FIELD_SPECIMENS || /(^|_)ids?$/.test(name) || schema['format'] === 'uuid' || items?.['format'] === 'uuid';
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
