import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';

/* Conversations over server-sent events, so many at a time, each request after the one before. Run as a process of its own: prints one JSON line. */

export interface ChatLoad {
  url: string;
  headers: Record<string, string>;
  /** One body for each conversation. */
  bodies: string[];
  /** What stands in an answer once its first piece of text is there, and in one that is whole. */
  first: string;
  last: string;
  seconds: number;
}

export interface ChatLoadResult {
  requests: number;
  failed: number;
  /** Medians. */
  first_ms: number;
  total_ms: number;
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const load = JSON.parse((await lines.next()).value as string) as ChatLoad;
const agent = new Agent({ keepAlive: true, maxSockets: load.bodies.length });
const firsts: number[] = [];
const totals: number[] = [];
let failed = 0;
let running = true;

/** One turn; answers false where it came to nothing. */
function ask(body: string, is_counted: boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const began = performance.now();
    let first: number | null = null;
    let heard = '';
    const headers = { ...load.headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const asking = request(load.url, { method: 'POST', agent, headers }, (response) => {
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        heard = (first === null ? heard : heard.slice(-200)) + text;
        if (first === null && heard.includes(load.first)) first = performance.now() - began;
      });
      response.on('end', () => {
        const is_whole = response.statusCode === 200 && first !== null && heard.includes(load.last);
        if (is_whole && is_counted) {
          firsts.push(first as number);
          totals.push(performance.now() - began);
        }
        resolve(is_whole);
      });
    });
    asking.once('error', () => resolve(false));
    asking.end(body);
  });
}

async function converse(body: string): Promise<void> {
  while (running) if (!(await ask(body, true))) failed++;
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
}

// The first turn of each makes what is made once: connections, calls.
await Promise.all(load.bodies.map((body) => ask(body, false)));
process.stdout.write('{"ready":true}\n');
await lines.next();
setTimeout(() => (running = false), load.seconds * 1000);
await Promise.all(load.bodies.map(converse));
const result: ChatLoadResult = { requests: totals.length, failed, first_ms: median(firsts), total_ms: median(totals) };
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
