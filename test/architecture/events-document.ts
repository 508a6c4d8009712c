import { type Json, resolve } from './api-document.js';

export interface EventMessage extends Json {
  name: string;
  title: string;
  summary: string;
  payload: Json;
  examples: Array<{ name: string; payload: unknown }>;
}

export interface EventOperation extends Json {
  action: 'send' | 'receive';
  summary: string;
  channel: Json;
  messages: Json[];
  reply?: { channel: Json; messages: Json[] };
}

/** An AsyncAPI document, as far as the sweeps read it. */
export interface EventsDocument extends Json {
  asyncapi: string;
  info: Json;
  defaultContentType: string;
  servers: Record<string, Json>;
  channels: Record<string, Json>;
  operations: Record<string, EventOperation>;
  components: { messages: Record<string, EventMessage>; schemas: Record<string, Json>; securitySchemes: Record<string, Json> };
}

/** One event with its references resolved. */
export interface Event {
  key: string;
  action: 'send' | 'receive';
  name: string;
  message: EventMessage;
  reply: EventMessage | null;
}

/** Every event of a document: `receive` is what a client sends. */
export function eventsOf(document: EventsDocument): Event[] {
  return Object.entries(document.operations).map(([key, { action, messages, reply }]) => {
    const [message] = messages.map((one) => resolve<EventMessage>(document, one));
    if (!message || messages.length !== 1) throw new Error(`${key} has not one message`);
    const answer = reply?.messages.map((one) => resolve<EventMessage>(document, one))[0] ?? null;
    return { key, action, name: message.name, message, reply: answer };
  });
}

/** The properties that an event's payload may have. */
export function payloadProperties(document: EventsDocument, { message }: Event): Record<string, Json> {
  return (resolve(document, message.payload)['properties'] ?? {}) as Record<string, Json>;
}

/** The least payload that an event takes. */
export function leastPayload({ message }: Event): Json {
  return message.examples[0]?.payload as Json;
}
