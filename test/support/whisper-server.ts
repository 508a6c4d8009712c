import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A file that was sent to be transcribed. */
export interface Upload {
  name: string;
  bytes: Buffer;
  model: string;
  response_format: string;
  authorization: string;
}

export interface WhisperReply {
  status?: number;
  headers?: Record<string, string>;
  body: object;
}

/** A server in the shape of OpenAI's `audio/transcriptions`. */
export interface WhisperServer {
  /** For `OPENAI_BASE_URL`. */
  readonly base_url: string;
  readonly uploads: Upload[];
  /** What the next requests get; after those what `otherwise` says. */
  reply(...replies: WhisperReply[]): void;
  otherwise(answer: (upload: Upload) => WhisperReply | Promise<WhisperReply>): void;
  stop(): Promise<void>;
}

/** A segment as `verbose_json` has it. */
export function segmentOf(start: number, text: string, no_speech_prob = 0.01): object {
  return {
    id: 0,
    seek: 0,
    start,
    end: start + 2,
    text,
    tokens: [50364],
    temperature: 0,
    avg_logprob: -0.3,
    compression_ratio: 1,
    no_speech_prob,
  };
}

/** An answer of `verbose_json`. */
export function transcriptOf(segments: object[], duration = 12): WhisperReply {
  const text = segments.map((segment) => (segment as { text: string }).text).join('');
  return { body: { task: 'transcribe', language: 'japanese', duration, text, segments } };
}

export function refusal(status: number, headers?: Record<string, string>): WhisperReply {
  return {
    status,
    ...(headers ? { headers } : {}),
    body: { error: { message: 'Incorrect API key: sk-sec***ret', type: 'error', code: null } },
  };
}

export async function startWhisperServer(): Promise<WhisperServer> {
  const uploads: Upload[] = [];
  const queue: WhisperReply[] = [];
  let answer: (upload: Upload) => WhisperReply | Promise<WhisperReply> = () => transcriptOf([segmentOf(0, 'もしもし')]);

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.url !== '/v1/audio/transcriptions') return void response.writeHead(404).end('{}');
    const form = await new Response(Buffer.concat(chunks), {
      headers: { 'content-type': request.headers['content-type'] ?? '' },
    }).formData();
    const file = form.get('file') as File;
    const text = (name: string): string => String((form.get(name) as string | null) ?? '');
    const upload: Upload = {
      name: file.name,
      bytes: Buffer.from(await file.arrayBuffer()),
      model: text('model'),
      response_format: text('response_format'),
      authorization: request.headers.authorization ?? '',
    };
    uploads.push(upload);
    const { status = 200, headers = {}, body } = queue.shift() ?? (await answer(upload));
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    uploads,
    reply: (...replies) => void queue.push(...replies),
    otherwise: (next) => (answer = next),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
