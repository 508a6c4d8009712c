import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { resolve as resolvePath } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Socket } from 'socket.io-client';
import { connectSocket, emit } from '../support/client.js';
import { startServer, type TestServer, within } from '../support/server.js';
import { readSurface, type Surface } from '../support/surface.js';
import { type Json, resolve } from './api-document.js';
import { type Event, type EventsDocument, eventsOf, leastPayload, payloadProperties } from './events-document.js';
import { SchemaChecker } from './json-schema.js';
import { FIELD_SPECIMENS, makeSide, namesAnObject, type Side, specimenOf } from './specimens.js';

/* The locks of every socket event, and the document that tells of them. */

/** Events that do nothing where there is nothing to do, and say so to everybody. */
const HARMLESS = ['leaveRoom'];

/** What the pages of this server's own say and are told. */
const OF_PAGES = /^meeting:/;

type Ack = { ok: boolean; code?: string; message?: string; details?: unknown };

let server: TestServer;
let surface: Surface;
let document: EventsDocument;
let events: Event[];
let received: Event[];
let alpha: Side;
let beta: Side;
let socket: Socket;

beforeAll(async () => {
  server = await startServer();
  document = (await server.api<EventsDocument>('/asyncapi.json')).body;
  events = eventsOf(document);
  received = events.filter(({ action }) => action === 'receive');
  [surface, alpha, beta] = await Promise.all([readSurface(server.database), makeSide(server.api, 0), makeSide(server.api, 1)]);
  socket = await connectSocket(server.url, beta.people.owner.access_token);
}, 60_000);

afterAll(async () => {
  socket?.disconnect();
  await server.stop();
});

describe('every socket event', () => {
  it('came by @SocketEvent, which validates, scopes and limits it', () => {
    expect(surface.events.filter(({ body }) => body === null)).toEqual([]);
    expect(surface.events.length).toBeGreaterThan(5);
  });

  it('is described, and nothing is described that is not there', async () => {
    // What a page of this server's own says is no part of the API.
    const api = surface.events.filter(({ name }) => !OF_PAGES.test(name));
    expect(received.map(({ name }) => name).sort()).toEqual(api.map(({ name }) => name).sort());
    const sent = events.filter(({ action }) => action === 'send').map(({ name }) => name);
    expect(sent.sort()).toEqual([...surface.sent].sort());
    const texts = await moduleSources();
    expect([...new Set(emittedNames(texts))].filter((name) => !surface.sent.includes(name) && !OF_PAGES.test(name))).toEqual([]);
    expect(surface.sent.filter((name) => !texts.some((text) => text.includes(`'${name}'`)))).toEqual([]);
  });

  it('reaches nobody without a credential', async () => {
    for (const token of [null, 'garbage', `${alpha.people.owner.access_token}x`, '']) {
      await expect(connectSocket(server.url, token)).rejects.toThrow('Unauthorized');
    }
    // Not even past the handshake of the protocol, by a client that is none.
    for (const { name, message } of received) expect(await sendBare(name, message.examples[0]?.payload)).toBe('closed');
  });

  it("of a page is nothing to an account's socket, nor to one that is nobody's", async () => {
    const own = surface.events.filter(({ name }) => OF_PAGES.test(name));
    expect(own.length).toBeGreaterThan(5);
    for (const { name } of own) {
      const ack = await emit<Ack>(socket, name, {});
      if (ack.code !== 'VALIDATION_FAILED') expect(ack).toMatchObject({ ok: false, code: 'MEETING_NOT_FOUND' });
      expect(await sendBare(name, {})).toBe('closed');
    }
  });

  it('refuses a payload that is none, in the words of the error table', async () => {
    const wrong: string[] = [];
    for (const { name } of received) {
      for (const payload of [
        undefined,
        null,
        'text',
        42,
        true,
        [],
        [{}],
        {},
        { sweep_unknown_property: 1 },
        { room_id: {} },
        { room_id: '../x', seq: -1 },
      ]) {
        const ack = await emit<Ack>(socket, name, payload);
        const is_right =
          !ack.ok && ack.code === 'VALIDATION_FAILED' && ack.message === 'Some fields are not valid' && Array.isArray(ack.details);
        if (!is_right) wrong.push(`${name} ${JSON.stringify(payload)}: ${JSON.stringify(ack)}`);
      }
      const extra = { ...leastPayload(received.find((event) => event.name === name)!), sweep_unknown_property: 1 };
      const ack = await emit<Ack>(socket, name, extra);
      if (ack.ok || ack.code !== 'VALIDATION_FAILED') wrong.push(`${name} with an unknown property: ${JSON.stringify(ack)}`);
    }
    expect(wrong).toEqual([]);
    expect(socket.connected).toBe(true);
  });

  it("finds another tenant's object as absent as one that nobody has", async () => {
    const wrong: string[] = [];
    let compared = 0;
    const theirs: string[] = [];
    const listener = await connectSocket(server.url, alpha.people.owner.access_token);
    await emit(listener, 'joinRoom', { room_id: alpha.values.get('room_id') });
    listener.onAny((name: string, payload: unknown) => theirs.push(`${name} ${JSON.stringify(payload)}`));
    for (const event of received) {
      const named = Object.entries(payloadProperties(document, event)).filter(([name, schema]) => namesAnObject(name, schema));
      for (const [name, schema] of named) {
        const specimen = specimenOf(FIELD_SPECIMENS, name, event.name);
        if ('free' in specimen) continue;
        const ask = (value: string | undefined): Promise<Ack> => {
          const ours = 'room_id' in payloadProperties(document, event) ? { room_id: beta.values.get('room_id') } : {};
          return emit<Ack>(socket, event.name, {
            ...leastPayload(event),
            ...ours,
            [name]: [schema['type']].flat().includes('array') ? [value] : value,
          });
        };
        const foreign = JSON.stringify(await ask(alpha.values.get(name)));
        const nobodys = JSON.stringify(await ask(specimen.missing()));
        compared++;
        if (foreign !== nobodys || (!foreign.includes('"ok":false') && !HARMLESS.includes(event.name)))
          wrong.push(`${event.name}, ${name}: ${foreign} but ${nobodys}`);
      }
    }
    listener.disconnect();
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(5);
    // Of its own coming it is told.
    expect(theirs.filter((event) => !event.startsWith('presence') || !event.includes(alpha.people.owner.id))).toEqual([]);
  });

  it('is refused where nobody knows it', async () => {
    expect(await emit(socket, 'sweepUnknownEvent', {})).toMatchObject({ ok: false, code: 'UNKNOWN_EVENT' });
  });
});

describe('the document of events', () => {
  it('is AsyncAPI 3: what it refers to is there, by the way that each place allows', () => {
    expect(document.asyncapi).toBe('3.0.0');
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String), description: expect.any(String) });
    expect(Object.keys(document).sort()).toEqual([
      'asyncapi',
      'channels',
      'components',
      'defaultContentType',
      'info',
      'operations',
      'servers',
    ]);
    for (const { host, protocol, security } of Object.values(document.servers)) {
      expect(host).toMatch(/^[^/]+$/);
      expect(['ws', 'wss']).toContain(protocol);
      for (const scheme of security as Json[])
        expect(resolve(document, scheme)).toMatchObject({ type: expect.stringMatching(/^(apiKey|httpApiKey)$/) });
    }
    for (const [key, operation] of Object.entries(document.operations)) {
      expect(key).toMatch(/^[a-zA-Z][a-zA-Z0-9]*$/);
      expect(['send', 'receive']).toContain(operation.action);
      // An operation's messages are its channel's; those are the components'.
      const refs = [...operation.messages, ...(operation.reply?.messages ?? [])].map(({ $ref }) => String($ref));
      expect(refs.filter((ref) => !/^#\/channels\/\w+\/messages\/\w+$/.test(ref))).toEqual([]);
      expect(resolve(document, operation.channel)).toHaveProperty('messages');
      expect(operation.action === 'receive').toBe(operation.reply !== undefined);
    }
    const used = new Set(Object.values(document.channels).flatMap(({ messages }) => Object.keys(messages as Json)));
    expect(Object.keys(document.components.messages).filter((name) => !used.has(name))).toEqual([]);
  });

  it('describes every message, with examples that its schema takes', () => {
    const checker = new SchemaChecker(document.components.schemas);
    checker.compileAll();
    const wrong = Object.entries(document.components.messages).flatMap(([key, { name, title, summary, payload, examples }]) => {
      if (!name || !title || !/^[A-Z].*[^.]$/.test(summary) || !examples?.length) return [`${key} is not described`];
      return examples.flatMap((example) => checker.fault(payload, example.payload) ?? []).map((fault) => `${key}: ${fault}`);
    });
    expect(wrong).toEqual([]);
  });

  it("says of the acknowledgements what the server's are", async () => {
    const checker = new SchemaChecker(document.components.schemas);
    const room_id = beta.values.get('room_id');
    const wrong: string[] = [];
    const { owner, member } = beta.people;
    const call = await owner.api<{ id: string }>('/calls', { method: 'POST', json: { callee_id: member.id } });
    expect(call.status).toBe(201);
    const seqs = { seq: Number(beta.values.get('messages/{seq}')) };
    // What takes something away comes last.
    const last = ['deleteMessage', 'leaveRoom'];
    const ordered = [...received].sort((a, b) => last.indexOf(a.name) - last.indexOf(b.name));
    for (const event of ordered) {
      const properties = payloadProperties(document, event);
      const own = { room_id, call_id: call.body.id, ...seqs, token: owner.access_token };
      const named = Object.fromEntries(Object.entries(own).filter(([name]) => name in properties));
      const ack = await emit<Ack>(socket, event.name, { ...leastPayload(event), ...named });
      const fault = ack.ok ? checker.fault(event.reply!.payload, ack) : JSON.stringify(ack);
      if (fault !== null) wrong.push(`${event.name}: ${fault}`);
    }
    expect(wrong).toEqual([]);
  });
});

/** Sends an event over a bare connection that has not joined the namespace: `closed`, or what the server said. */
async function sendBare(name: string, payload: unknown): Promise<string> {
  const bare = new WebSocket(`${server.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  const said: string[] = [];
  bare.addEventListener('message', ({ data }) => said.push(String(data)));
  const closed = once(bare, 'close');
  await once(bare, 'open');
  bare.send(`420${JSON.stringify([name, payload ?? {}])}`);
  await within(closed, 5_000, () => `the server keeps a socket that is nobody's: ${said.join()}`);
  // The greeting of the transport alone.
  return said.filter((one) => !one.startsWith('0')).length === 0 ? 'closed' : said.join();
}

/** The modules' sources, without their lists of events. */
async function moduleSources(): Promise<string[]> {
  const files = (await readdir(resolvePath('src/modules'), { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !/\.(spec|events)\.ts$/.test(file),
  );
  return Promise.all(files.map((file) => readFile(resolvePath('src/modules', file), 'utf8')));
}

/** The names that the sources emit, as far as they stand where they are emitted. */
function emittedNames(texts: readonly string[]): string[] {
  const PATTERNS = [/\bevent: '([a-z:]+)'/g, /socket\.emit\('([a-z:]+)'/g, /\bemit(?:Here|Everywhere)\([^';]*'([a-z:]+)'/g];
  return texts.flatMap((text) => PATTERNS.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name = '']) => name)));
}
