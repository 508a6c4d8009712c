import type { Type } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { RING_GATEWAY, RING_SERVER_EVENTS } from '../modules/calls/index.js';
import { CHAT_GATEWAY, SERVER_EVENTS as ROOM_EVENTS } from '../modules/chat/index.js';
import { NOTIFICATION_EVENTS } from '../modules/matching/index.js';
import { ErrorBodyView } from '../platform/http/index.js';
import { describeSocketEvents } from '../platform/realtime/index.js';
import { exampleOf } from './examples.js';

type Json = Record<string, unknown>;

/** Everything that sockets take and are told. */
const TAKEN = [CHAT_GATEWAY, RING_GATEWAY].flatMap(describeSocketEvents);
export const SERVER_EVENTS = [...ROOM_EVENTS, ...RING_SERVER_EVENTS, ...NOTIFICATION_EVENTS];

const REF = '#/components/schemas/';
const CHANNEL = '#/channels/socket';
const REFUSAL = 'Refusal';
const REFUSED = { ok: false, code: 'ROOM_NOT_FOUND', message: 'Room not found' };

const DESCRIPTION = `What goes over the sockets: rooms, and calls between users. The protocol is Socket.IO 4 on the path \`/socket.io\`; bare WebSocket clients are not served.

**Signing in.** The handshake carries \`auth: {token}\`, or the cookie \`token\`; a refused one gets \`connect_error\` with the message
\`Unauthorized\`. Before the client sees \`connect\`, the socket is in its token's room.

**Acknowledgements.** Each event that a client sends is acknowledged with \`{ok: true, …}\` or \`{ok: false, code, message}\` in the words of the
REST API's error table (\`/openapi.json\`). What belongs to another tenant is as absent.

**Calls.** A call begins and changes by REST (\`POST /calls\`); all sockets of the two are told of it by the events \`call:…\`, each with the ICE
servers that its reader may use. Their browsers find each other by \`call:signal\`, whose \`data\` goes to the other of the two as it is.

**Limits.** A frame is at most 64 KiB. A client that sends too much is refused with \`RATE_LIMITED\`.`;

/** Classes whose schemas the socket document needs, besides those that REST shows. */
export function socketModels(): Array<Type<object>> {
  const sent = TAKEN.flatMap(({ body, ack }) => (ack ? [body, ack] : [body]));
  return [...new Set([ErrorBodyView, ...sent, ...SERVER_EVENTS.map(({ payload }) => payload)])];
}

/** The socket events as AsyncAPI 3, from the very classes that validate and shape them; `openapi` has their schemas. */
export function buildAsyncApi(openapi: OpenAPIObject, public_url: string | undefined): Json {
  const known = (openapi.components?.schemas ?? {}) as Record<string, Json>;
  const schemas: Record<string, Json> = { ...known, [REFUSAL]: refusal(known) };
  const messages: Record<string, Json> = {};
  const operations: Record<string, Json> = {};
  const example = (payload: Json): unknown => exampleOf(payload, schemas);

  for (const { name, body, ack, summary } of TAKEN) {
    const key = keyOf(name);
    const payload = { $ref: REF + body.name };
    const accepted = acceptance(ack);
    messages[key] = {
      name,
      title: name,
      summary,
      payload,
      examples: sentExamples(payload, schemas),
    };
    messages[`${key}Ack`] = {
      name: `${name}:ack`,
      title: `Acknowledgement of ${name}`,
      summary: `What the server says to ${name}`,
      payload: { oneOf: [accepted, { $ref: REF + REFUSAL }] },
      examples: [
        { name: 'done', payload: example(accepted) },
        { name: 'refused', payload: REFUSED },
      ],
    };
    operations[key] = {
      action: 'receive',
      title: name,
      summary,
      channel: { $ref: CHANNEL },
      messages: [{ $ref: `${CHANNEL}/messages/${key}` }],
      reply: { channel: { $ref: CHANNEL }, messages: [{ $ref: `${CHANNEL}/messages/${key}Ack` }] },
    };
  }
  for (const { name, payload: type, summary } of SERVER_EVENTS) {
    const key = keyOf(`on:${name}`);
    const payload = { $ref: REF + type.name };
    messages[key] = { name, title: name, summary, payload, examples: [{ name: 'sent', payload: example(payload) }] };
    operations[key] = {
      action: 'send',
      title: name,
      summary,
      channel: { $ref: CHANNEL },
      messages: [{ $ref: `${CHANNEL}/messages/${key}` }],
    };
  }

  const { host, protocol } = new URL(public_url ?? 'http://localhost:3000');
  return {
    asyncapi: '3.0.0',
    info: { title: 'Kaiwa sockets', version: '1.0.0', description: DESCRIPTION },
    defaultContentType: 'application/json',
    servers: {
      socket: {
        host,
        protocol: protocol === 'https:' ? 'wss' : 'ws',
        pathname: '/socket.io',
        title: 'Socket.IO',
        description: 'Socket.IO 4 on the path /socket.io, by WebSocket or long polling',
        security: [{ $ref: '#/components/securitySchemes/token' }, { $ref: '#/components/securitySchemes/cookie' }],
      },
    },
    channels: {
      socket: {
        address: '/',
        title: 'The namespace /',
        summary: 'One connection carries the events of all rooms that its socket is in, and of calls',
        servers: [{ $ref: '#/servers/socket' }],
        messages: Object.fromEntries(Object.keys(messages).map((key) => [key, { $ref: `#/components/messages/${key}` }])),
      },
    },
    operations,
    components: {
      messages,
      schemas: needed(messages, schemas),
      securitySchemes: {
        token: { type: 'apiKey', in: 'password', description: 'An access token, in the handshake as `auth: {token}`' },
        cookie: {
          type: 'httpApiKey',
          in: 'cookie',
          name: 'token',
          description: 'The cookie that `POST /login` sets; from known origins alone',
        },
      },
    },
  };
}

function acceptance(ack: Type<object> | null): Json {
  const ok = { type: 'object', properties: { ok: { const: true, description: 'It was done', examples: [true] } }, required: ['ok'] };
  return ack ? { allOf: [ok, { $ref: REF + ack.name }] } : ok;
}

/** What an error body says, as far as sockets do. */
function refusal(schemas: Record<string, Json>): Json {
  const { code, message, details } = schemas[ErrorBodyView.name]?.['properties'] as Record<string, Json>;
  const properties = { ok: { const: false, description: 'It was not done', examples: [false] }, code, message, details };
  return { type: 'object', properties, required: ['ok', 'code', 'message'], examples: [REFUSED] };
}

/** The required fields alone, and all of them where there are more. */
function sentExamples(payload: Json, schemas: Record<string, Json>): Json[] {
  const least = exampleOf(payload, schemas, true);
  const whole = exampleOf(payload, schemas);
  const all = [
    { name: 'least', summary: 'The required fields', payload: least },
    { name: 'whole', summary: 'Every field', payload: whole },
  ];
  return JSON.stringify(least) === JSON.stringify(whole) ? all.slice(1) : all;
}

/** The schemas that are referred to, and those that they refer to. */
function needed(from: unknown, schemas: Record<string, Json>): Record<string, Json> {
  const found: Record<string, Json> = {};
  const look = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(look);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (name === '$ref' && typeof inner === 'string' && inner.startsWith(REF)) {
        const key = inner.slice(REF.length).split('/')[0] ?? '';
        const schema = schemas[key];
        if (!schema) throw new Error(`No class describes ${key}`);
        if (!found[key]) {
          found[key] = schema;
          look(schema);
        }
      } else look(inner);
    }
  };
  look(from);
  return found;
}

function keyOf(name: string): string {
  return name.replace(/[:.]([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
