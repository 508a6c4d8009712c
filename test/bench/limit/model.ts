import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/* A language model behind OpenAI's API that takes exactly as long as it is told to: FIRST_MS until the first piece, PIECE_MS between two, PIECES in all. */

const { FIRST_MS = '300', PIECE_MS = '20', PIECES = '40' } = process.env;
const first_ms = Number(FIRST_MS);
const piece_ms = Number(PIECE_MS);
const pieces = Number(PIECES);

const chunk = (delta: object, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1, model: 'bench', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;

const PIECE = chunk({ content: 'はい、' });
const END = `${chunk({}, 'stop')}data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 200, completion_tokens: pieces, total_tokens: 200 + pieces } })}\n\ndata: [DONE]\n\n`;

function speak(response: ServerResponse): void {
  let said = 0;
  const began = performance.now();
  const next = (): void => {
    if (response.destroyed) return;
    response.write(PIECE);
    said++;
    if (said === pieces) return void response.end(END);
    // By the clock, so that a late timer does not make the whole longer.
    setTimeout(next, Math.max(0, began + first_ms + said * piece_ms - performance.now()));
  };
  setTimeout(next, first_ms);
}

const server = createServer((request, response) => {
  request.resume();
  request.once('end', () => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    speak(response);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ msg: 'listening', port: (server.address() as AddressInfo).port })}\n`);
});
