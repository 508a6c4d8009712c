import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A tool call as the server writes it; `arguments` goes as it is where it is a string. */
export interface ScriptedCall {
  name: string;
  arguments?: unknown;
  id?: string;
}

/** What the server answers to one request. */
export interface Reply {
  text?: string;
  calls?: ScriptedCall[];
  /** How many pieces the text comes in; one for each character where nothing is said. */
  pieces?: number;
  usage?: { prompt_tokens: number; completion_tokens: number };
  /** An error in place of an answer. */
  status?: number;
  error?: { message: string; code?: string; type?: string; param?: string };
  headers?: Record<string, string>;
  /** Takes the request and says nothing. */
  hangs?: boolean;
  /** Says nothing more after so many chunks. */
  stalls_after?: number;
  /** Breaks the connection after so many chunks. */
  cut_after?: number;
  /** Ends properly after so many chunks, without having said that it is done. */
  ends_after?: number;
  /** Goes on for ever. */
  is_endless?: boolean;
  /** The body, as it is, in place of all of the above. */
  raw?: string;
  delay_ms?: number;
  piece_delay_ms?: number;
}

/** A request that the server has seen. */
export interface SeenRequest {
  path: string;
  headers: IncomingHttpHeaders;
  /** The parsed JSON; the bytes of anything else as text. */
  body: Record<string, unknown>;
  /** When it came, by `performance.now()`. */
  at: number;
  /** True once the client has gone before the answer was whole. */
  is_gone: boolean;
  is_answered: boolean;
}

export interface OpenAiServer {
  /** For `OPENAI_BASE_URL`. */
  readonly base_url: string;
  readonly requests: SeenRequest[];
  /** The next answers, in order; a function is given the request. */
  reply(...replies: Array<Reply | ((request: SeenRequest) => Reply)>): void;
  /** What is answered where nothing is queued. */
  otherwise(reply: Reply | ((request: SeenRequest) => Reply)): void;
  /** Requests of another kind, which take nothing from the queue and are not among `requests`: the reports that follow a call by themselves. */
  apart(matches: (request: SeenRequest) => boolean, reply: Reply): void;
  /** Forgets what was queued and seen. */
  reset(): void;
  stop(): Promise<void>;
}

export const TEST_KEY = 'sk-test-0123456789abcdefghijklmnopqrstuvwxyz';

/** The messages of a request, as they were sent. */
export function messagesOf({
  body,
}: SeenRequest): Array<{ role: string; content: string | null; tool_call_id?: string; tool_calls?: unknown }> {
  return body['messages'] as ReturnType<typeof messagesOf>;
}

/** True for the request of a report on a call that is over. */
export function isReport({ body }: SeenRequest): boolean {
  return body['response_format'] !== undefined;
}

/** A server in the shape of OpenAI's API (Chat Completions streamed and whole, Embeddings, Audio) that answers what a test tells it to. */
export async function startOpenAiServer(): Promise<OpenAiServer> {
  const requests: SeenRequest[] = [];
  let aside: { matches: (request: SeenRequest) => boolean; reply: Reply } | null = null;
  const queue: Array<Reply | ((request: SeenRequest) => Reply)> = [];
  let fallback: Reply | ((request: SeenRequest) => Reply) = { text: 'はい。' };

  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy());
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const seen: SeenRequest = {
      path: request.url ?? '',
      headers: request.headers,
      body: request.headers['content-type']?.includes('json') ? (JSON.parse(text) as Record<string, unknown>) : { text },
      at: performance.now(),
      is_gone: false,
      is_answered: false,
    };
    const is_apart = aside?.matches(seen) === true;
    if (!is_apart) requests.push(seen);
    response.once('close', () => {
      seen.is_answered = response.writableFinished;
      seen.is_gone = !response.writableFinished;
    });
    const next = is_apart && aside ? aside.reply : (queue.shift() ?? fallback);
    const reply = typeof next === 'function' ? next(seen) : next;
    if (reply.delay_ms) await pause(reply.delay_ms);
    if (reply.hangs) return;
    if (reply.status !== undefined && reply.status >= 400) return sendError(response, reply);
    if (seen.path.endsWith('/embeddings')) return sendJson(response, embeddingsOf(seen, reply), reply);
    if (seen.path.endsWith('/audio/transcriptions')) return sendJson(response, transcriptOf(reply), reply);
    if (seen.body['stream'] === true) await stream(seen, response, reply);
    else sendJson(response, whole(seen, reply), reply);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    reply: (...replies) => void queue.push(...replies),
    otherwise: (reply) => void (fallback = reply),
    apart: (matches, reply) => void (aside = { matches, reply }),
    reset: () => {
      requests.length = 0;
      queue.length = 0;
      fallback = { text: 'はい。' };
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function sendError(response: ServerResponse, { status = 500, error, headers = {} }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ error: { message: 'told to fail', type: 'test', code: null, ...error } }));
}

function sendJson(response: ServerResponse, body: object, { raw, headers = {} }: Reply): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers });
  response.end(raw ?? JSON.stringify(body));
}

async function stream(seen: SeenRequest, response: ServerResponse, reply: Reply): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...reply.headers });
  if (reply.raw !== undefined) {
    response.end(reply.raw);
    return;
  }
  let sent = 0;
  for (const chunk of chunksOf(seen, reply)) {
    if (response.destroyed) return;
    if (sent === reply.stalls_after) return;
    if (sent === reply.cut_after) {
      // What was written before is to arrive.
      await pause(30);
      response.destroy();
      return;
    }
    if (sent === reply.ends_after) break;
    if (reply.piece_delay_ms) await pause(reply.piece_delay_ms);
    if (!response.write(`data: ${JSON.stringify(chunk)}\n\n`)) await drained(response);
    sent++;
  }
  response.end('data: [DONE]\n\n');
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

function* chunksOf({ body }: SeenRequest, reply: Reply): Generator<object> {
  const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1, model: body['model'] };
  const chunk = (delta: object, finish_reason: string | null = null): object => ({
    ...base,
    choices: [{ index: 0, delta, finish_reason }],
  });
  yield chunk({ role: 'assistant', content: '' });
  for (const piece of piecesOf(reply)) yield chunk({ content: piece });
  while (reply.is_endless) yield chunk({ content: 'まだあります。' });
  for (const [index, call] of (reply.calls ?? []).entries()) {
    const text = argumentsOf(call);
    const middle = text.length >> 1;
    yield chunk({
      tool_calls: [{ index, id: call.id ?? `call_${index}`, type: 'function', function: { name: call.name, arguments: '' } }],
    });
    yield chunk({ tool_calls: [{ index, function: { arguments: text.slice(0, middle) } }] });
    yield chunk({ tool_calls: [{ index, function: { arguments: text.slice(middle) } }] });
  }
  yield chunk({}, reply.calls?.length ? 'tool_calls' : 'stop');
  yield { ...base, choices: [], usage: usageOf(reply) };
}

function whole({ body }: SeenRequest, reply: Reply): object {
  const tool_calls = reply.calls?.map((call, index) => ({
    id: call.id ?? `call_${index}`,
    type: 'function',
    function: { name: call.name, arguments: argumentsOf(call) },
  }));
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model: body['model'],
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: reply.text ?? null, tool_calls },
        finish_reason: tool_calls ? 'tool_calls' : 'stop',
      },
    ],
    usage: usageOf(reply),
  };
}

function* piecesOf({ text = '', pieces }: Reply): Generator<string> {
  const characters = [...text];
  const length = Math.max(1, Math.ceil(characters.length / (pieces ?? Math.max(1, characters.length))));
  for (let at = 0; at < characters.length; at += length) yield characters.slice(at, at + length).join('');
}

function argumentsOf({ arguments: given = {} }: ScriptedCall): string {
  return typeof given === 'string' ? given : JSON.stringify(given);
}

function usageOf({ usage = { prompt_tokens: 11, completion_tokens: 7 } }: Reply): object {
  return { ...usage, total_tokens: usage.prompt_tokens + usage.completion_tokens };
}

/** Vectors of the text's pairs of characters, so that like texts have like vectors. */
function embeddingsOf({ body }: SeenRequest, reply: Reply): object {
  const inputs = [body['input']].flat() as string[];
  return {
    object: 'list',
    model: body['model'],
    data: inputs.map((text, index) => ({ object: 'embedding', index, embedding: vectorOf(text) })),
    usage: usageOf(reply),
  };
}

function vectorOf(text: string): number[] {
  const vector = new Array<number>(64).fill(0);
  const characters = [...text];
  characters.forEach((one, at) => {
    const pair = `${one}${characters[at + 1] ?? ''}`;
    const place = [...pair].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 64, 7);
    vector[place] = (vector[place] ?? 0) + 1;
  });
  const length = Math.hypot(...vector) || 1;
  return vector.map((value) => value / length);
}

function transcriptOf({ text = 'もしもし' }: Reply): object {
  return {
    task: 'transcribe',
    language: 'japanese',
    duration: 2.5,
    text,
    segments: [{ id: 0, start: 0, end: 2.5, text, no_speech_prob: 0.02, avg_logprob: -0.2, compression_ratio: 1 }],
  };
}
