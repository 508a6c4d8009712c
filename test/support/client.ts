import { randomBytes } from 'node:crypto';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { type Answer, type Api, type ApiInit, OPERATOR_KEY, within } from './server.js';

const PASSWORD = 'correct-horse-battery-7';
const EVENT_TIMEOUT_MS = 5_000;

/** A signed-in user, and its requests: `user.api('/rooms')` carries its bearer token. */
export interface TestUser {
  id: string;
  client_id: string;
  username: string;
  email: string;
  password: string;
  access_token: string;
  refresh_token: string;
  api: Api;
}

export interface NewUser {
  username?: string;
  email?: string;
  password?: string;
  /** The tenant; the default one where none is named. */
  client_id?: string;
  /** The room that the session starts in. */
  room_id?: string;
}

/** The same requests with these headers on each. */
export function withHeaders(api: Api, headers: Record<string, string>): Api {
  return (path, init: ApiInit = {}) => api(path, { ...init, headers: { ...headers, ...init.headers } });
}

/** Requests as the operator, in a tenant where one is named. */
export function operatorOf(api: Api, client_id?: string): Api {
  return withHeaders(api, { authorization: `Bearer ${OPERATOR_KEY}`, ...(client_id ? { 'x-client-id': client_id } : {}) });
}

/** A user's requests to another node of the same installation. */
export function apiAs(node: { api: Api }, user: TestUser): Api {
  return withHeaders(node.api, { authorization: `Bearer ${user.access_token}` });
}

/** Makes a tenant with an owner, who is signed in. */
export async function makeTenant(api: Api, client_id = uniqueName('t'), settings: object = {}): Promise<TestUser> {
  const owner = { username: 'owner', email: `owner@${client_id}.example`, password: PASSWORD };
  const made = await operatorOf(api)('/tenants', { method: 'POST', json: { client_id, name: client_id, ...settings, owner } });
  expectStatus(made, 201, 'POST /tenants');
  return signIn(api, { ...owner, client_id });
}

/** Registers a user and signs it in. */
export async function makeUser(api: Api, wanted: NewUser = {}): Promise<TestUser> {
  const username = wanted.username ?? uniqueName('u');
  const user = { username, email: wanted.email ?? `${username}@example.com`, password: wanted.password ?? PASSWORD };
  const made = await tenantOf(api, wanted.client_id)<{ id: string }>('/register', { method: 'POST', json: user });
  expectStatus(made, 201, 'POST /register');
  return signIn(api, { ...user, ...wanted });
}

/** Signs a registered user in by `POST /auth/v1/login`. */
export async function signIn(
  api: Api,
  { email, password = PASSWORD, username = '', client_id, room_id }: NewUser & { email: string },
): Promise<TestUser> {
  const answer = await tenantOf(api, client_id)<{ access_token: string; refresh_token: string }>('/auth/v1/login', {
    method: 'POST',
    json: { email, password, ...(room_id ? { room_id } : {}) },
  });
  expectStatus(answer, 200, 'POST /auth/v1/login');
  const { access_token, refresh_token } = answer.body;
  const claims = claimsOf(access_token);
  return {
    id: claims.sub,
    client_id: claims.client_id,
    username,
    email,
    password,
    access_token,
    refresh_token,
    api: withHeaders(api, { authorization: `Bearer ${access_token}` }),
  };
}

/** What a token says, unchecked. */
export function claimsOf(token: string): { sub: string; client_id: string; room_id: string; sid: string; role: string; exp: number } {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as ReturnType<typeof claimsOf>;
}

/** A name that no other test uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}${randomBytes(5).toString('hex')}`;
}

/** Opens a socket and waits for `connect`; fails with the message of `connect_error`. Close it with `socket.disconnect()`. */
export async function connectSocket(
  url: string,
  token: string | null,
  options: Partial<ManagerOptions & SocketOptions> = {},
): Promise<Socket> {
  const socket = io(url, {
    transports: ['websocket'],
    reconnection: false,
    forceNew: true,
    ...(token === null ? {} : { auth: { token } }),
    ...options,
  });
  const connected = new Promise<Socket>((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('connect_error', reject);
  });
  try {
    return await within(connected, EVENT_TIMEOUT_MS, () => 'the socket does not connect');
  } catch (error) {
    socket.disconnect();
    throw error;
  }
}

/** The next event of this name that satisfies `accept`. Ask before doing what causes it. */
export async function next<T = Record<string, unknown>>(
  socket: Socket,
  event: string,
  accept: (payload: T) => boolean = () => true,
  timeout_ms = EVENT_TIMEOUT_MS,
): Promise<T> {
  let listener: ((payload: T) => void) | undefined;
  const heard = new Promise<T>((resolve) => {
    listener = (payload) => {
      if (accept(payload)) resolve(payload);
    };
    socket.on(event, listener);
  });
  try {
    return await within(heard, timeout_ms, () => `no ${event} came`);
  } finally {
    socket.off(event, listener);
  }
}

/** Sends an event and waits for its ack. */
export async function emit<T = Record<string, unknown>>(socket: Socket, event: string, payload: unknown = {}): Promise<T> {
  return (await socket.timeout(EVENT_TIMEOUT_MS).emitWithAck(event, payload)) as T;
}

/** Collects every event of this name from now on, oldest first. */
export function collect<T = Record<string, unknown>>(socket: Socket, event: string): T[] {
  const heard: T[] = [];
  socket.on(event, (payload: T) => heard.push(payload));
  return heard;
}

/** Asks again until the answer satisfies, for what comes true in its own time (a job, another node). */
export async function eventually<T>(ask: () => Promise<T>, satisfied: (value: T) => boolean, timeout_ms = 5_000): Promise<T> {
  const deadline = performance.now() + timeout_ms;
  for (;;) {
    const value = await ask();
    if (satisfied(value)) return value;
    if (performance.now() > deadline) throw new Error(`still not so after ${timeout_ms} ms: ${JSON.stringify(value)?.slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function tenantOf(api: Api, client_id?: string): Api {
  return client_id ? withHeaders(api, { 'x-client-id': client_id }) : api;
}

function expectStatus(answer: Answer, status: number, what: string): void {
  if (answer.status !== status) throw new Error(`${what}: ${answer.status} ${JSON.stringify(answer.body)?.slice(0, 2_000)}`);
}
