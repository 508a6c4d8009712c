import { setTimeout as pause } from 'node:timers/promises';
import { startTwilioServer } from '../../support/twilio-server.ts';
import type { Figure, Settings } from '../run.ts';
import { CLIENT_ID, memoryOf, type Stage } from '../stage.ts';
import { median } from './compare.ts';

const SIZE = 100 * 1024 * 1024;
const OPERATOR_KEY = 'only-for-benchmarks-alone';
const SAMPLE_MS = 10;

/** A recording of 100 MB relayed: how much memory the server takes meanwhile, and how fast it is against asking the provider itself. */
export async function recordingRelay(stage: Stage, { rounds }: Settings): Promise<Figure[]> {
  const twilio = await startTwilioServer();
  const growths: number[] = [];
  const rates: number[] = [];
  const direct: number[] = [];
  try {
    const server = await stage.startOurs({ ...twilio.env, OPERATOR_KEY });
    const headers = { authorization: `Bearer ${OPERATOR_KEY}`, 'x-client-id': CLIENT_ID };
    const [sid, call_sid] = ['RE00000000000000000000000000000001', 'CA00000000000000000000000000000001'];
    twilio.main.recordings.push({ sid, call_sid, duration: '3600', started_at: new Date(), audio: SIZE });
    const logged = await fetch(`${server.url}/call`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ call_sid, phone_number: '09012345678' }),
    });
    if (logged.status !== 201) throw new Error(`POST /call: ${logged.status}`);
    const { account_sid, auth_token } = twilio.main;
    const basic = { authorization: `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}` };
    const provider = `${twilio.base_url}/2010-04-01/Accounts/${account_sid}/Recordings/${sid}.mp3`;
    // The first one loads what the relay needs.
    await drain(`${server.url}/recording/${sid}`, { ...headers, range: 'bytes=0-999999' });
    for (let round = 0; round < rounds; round++) {
      await pause(1_000);
      const before = memoryOf(server.pid);
      const peak = watch(server.pid);
      rates.push(SIZE / 1e6 / (await drain(`${server.url}/recording/${sid}`, headers)));
      growths.push((await peak()) - before);
      direct.push(SIZE / 1e6 / (await drain(provider, basic)));
    }
    await server.stop();
  } finally {
    await twilio.stop();
  }
  const none = { rounds, server_us: null, pg_us: null, limit_us: null };
  return [
    { part: 'recording_relay', ours: median(rates), limit: median(direct), ratio: median(rates) / median(direct), unit: 'MB/s', ...none },
    { part: 'recording_relay_memory', ours: Math.max(...growths), limit: null, ratio: null, unit: 'MB more at most, for 100 MB', ...none },
  ];
}

/** Reads an answer to its end and keeps nothing of it; answers how long that took, in seconds. */
async function drain(url: string, headers: Record<string, string>): Promise<number> {
  const began = performance.now();
  const response = await fetch(url, { headers });
  if (response.status !== 200 && response.status !== 206) throw new Error(`${url}: ${response.status}`);
  let size = 0;
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) size += chunk.length;
  if (size !== Number(response.headers.get('content-length'))) throw new Error(`${url}: ${size} bytes`);
  return (performance.now() - began) / 1_000;
}

/** Watches a process's memory until it is asked for the most that it held, in MB. */
function watch(pid: number): () => Promise<number> {
  let most = 0;
  let done = false;
  const watching = (async () => {
    while (!done) {
      most = Math.max(most, memoryOf(pid));
      await pause(SAMPLE_MS);
    }
  })();
  return async () => {
    done = true;
    await watching;
    return most;
  };
}
