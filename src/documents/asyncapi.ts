import type { Type } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import { CHAT_GATEWAY, SERVER_EVENTS } from '../modules/chat/index.js';
import { describeSocketEvents } from '../platform/realtime/index.js';

type Json = Record<string, unknown>;

const REF = '#/components/schemas/';

/** Classes whose schemas the socket document needs, besides those that REST shows. */
export function socketModels(): Array<Type<object>> {
  const sent = describeSocketEvents(CHAT_GATEWAY).flatMap(({ body, ack }) => (ack ? [body, ack] : [body]));
  return [...new Set([...sent, ...SERVER_EVENTS.map(({ payload }) => payload)])];
}

/** The socket events as AsyncAPI 3, from the very classes that validate and shape them; `openapi` has their schemas. */
export function buildAsyncApi(openapi: OpenAPIObject, public_url: string | undefined): Json {
  const schemas = (openapi.components?.schemas ?? {}) as Record<string, Json>;
  const incoming = describeSocketEvents(CHAT_GATEWAY);
  const messages: Record<string, Json> = {};
  const operations: Record<string, Json> = {};

  for (const { name, body, ack, summary } of incoming) {
    const key = keyOf(name);
    messages[key] = { name, summary, payload: { $ref: REF + body.name } };
    messages[`${key}Ack`] = { name: `${name} (ack)`, summary: `The acknowledgement of ${name}`, payload: acknowledgement(ack) };
    operations[key] = {
      action: 'receive',
      channel: { $ref: '#/channels/socket' },
      summary,
      messages: [{ $ref: `#/channels/socket/messages/${key}` }],
      reply: { channel: { $ref: '#/channels/socket' }, messages: [{ $ref: `#/channels/socket/messages/${key}Ack` }] },
    };
  }
  for (const { name, payload, summary } of SERVER_EVENTS) {
    const key = `on${keyOf(name)[0]?.toUpperCase()}${keyOf(name).slice(1)}`;
    messages[key] = { name, summary, payload: { $ref: REF + payload.name } };
    operations[key] = {
      action: 'send',
      channel: { $ref: '#/channels/socket' },
      summary,
      messages: [{ $ref: `#/channels/socket/messages/${key}` }],
    };
  }

  const { host, protocol } = new URL(public_url ?? 'http://localhost:3000');
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Kaiwa rooms',
      version: '1.0.0',
      description:
        "Socket.IO 4. The handshake carries `auth: {token}` or the cookie `token`; a refused one gets `connect_error` with the message `Unauthorized`. Each event that a client sends is acknowledged with `{ok: true, …}` or `{ok: false, code, message}` in the words of the REST API's error table. A frame is at most 64 KiB.",
    },
    defaultContentType: 'application/json',
    servers: { socket: { host, protocol: protocol === 'https:' ? 'wss' : 'ws', pathname: '/socket.io', description: 'Socket.IO, path /socket.io' } },
    channels: {
      socket: {
        address: '/',
        title: 'The namespace `/`',
        servers: [{ $ref: '#/servers/socket' }],
        messages: Object.fromEntries(Object.keys(messages).map((key) => [key, { $ref: `#/components/messages/${key}` }])),
      },
    },
    operations,
    components: { messages, schemas: needed(messages, schemas) },
  };
}

function acknowledgement(ack: Type<object> | null): Json {
  const ok = { type: 'object', properties: { ok: { const: true } }, required: ['ok'] };
  const refused = {
    type: 'object',
    properties: {
      ok: { const: false },
      code: { type: 'string', examples: ['ROOM_NOT_FOUND'] },
      message: { type: 'string', examples: ['Room not found'] },
      details: { type: 'array', items: { type: 'object', properties: { field: { type: 'string' }, message: { type: 'string' } } } },
    },
    required: ['ok', 'code', 'message'],
  };
  return { oneOf: [ack ? { allOf: [ok, { $ref: REF + ack.name }] } : ok, refused] };
}

/** The schemas that are referred to, and those that they refer to. */
function needed(from: unknown, schemas: Record<string, Json>): Record<string, Json> {
  const found: Record<string, Json> = {};
  const look = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(look);
    if (typeof value !== 'object' || value === null) return;
    for (const [name, inner] of Object.entries(value)) {
      if (name === '$ref' && typeof inner === 'string' && inner.startsWith(REF)) {
        const key = inner.slice(REF.length);
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
