import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/* Sends files of one size one after another, and deletes each, or reads one again and again. What is sent is made once, and of what is read only the
   bytes are counted, so that the machine's time goes to the server. Run as a process of its own: prints one JSON line. */

export interface FileLoad {
  host: string;
  port: number;
  token: string;
  direction: 'up' | 'down';
  bytes: number;
  /** `multipart/form-data`, or the bytes as they are. */
  as_form: boolean;
  files: number;
}

export interface FileLoadResult {
  seconds: number;
  bytes: number;
}

interface Answer {
  status: number;
  body_bytes: number;
  text: string;
}

const CHUNK = Buffer.alloc(256 * 1024, 'kaiwa bench ');
const KEPT = 4_096;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const load = JSON.parse((await lines.next()).value as string) as FileLoad;

const socket = await new Promise<Socket>((resolve, reject) => {
  const made = connect(load.port, load.host, () => resolve(made));
  made.once('error', reject);
});
socket.setNoDelay(true);
const head = (method: string, path: string, more = ''): string =>
  `${method} ${path} HTTP/1.1\r\nHost: ${load.host}:${load.port}\r\nAuthorization: Bearer ${load.token}\r\n${more}\r\n`;

const upload = async (): Promise<string> => {
  const before = load.as_form ? '--x\r\nContent-Disposition: form-data; name="file"; filename="bench.bin"\r\n\r\n' : '';
  const after = load.as_form ? '\r\n--x--\r\n' : '';
  const type = load.as_form ? 'multipart/form-data; boundary=x' : 'application/octet-stream';
  const length = before.length + load.bytes + after.length;
  const answered = answer();
  socket.write(head('POST', '/files', `Content-Type: ${type}\r\nContent-Length: ${length}\r\n`) + before);
  for (let left = load.bytes; left > 0; left -= CHUNK.length) {
    if (!socket.write(left < CHUNK.length ? CHUNK.subarray(0, left) : CHUNK)) await new Promise((resolve) => socket.once('drain', resolve));
  }
  if (after !== '') socket.write(after);
  const { status, text } = await answered;
  if (status !== 201) throw new Error(`POST /files: ${status} ${text}`);
  return (JSON.parse(text) as { id: string }).id;
};

const ask = async (method: string, id: string): Promise<Answer> => {
  const answered = answer();
  socket.write(head(method, `/files/${id}`));
  return answered;
};

let seconds = 0;
if (load.direction === 'up') {
  for (let file = 0; file < load.files; file++) {
    const began = performance.now();
    const id = await upload();
    seconds += (performance.now() - began) / 1_000;
    await ask('DELETE', id);
  }
} else {
  const id = await upload();
  const began = performance.now();
  for (let file = 0; file < load.files; file++) {
    const { status, body_bytes } = await ask('GET', id);
    if (status !== 200 || body_bytes !== load.bytes) throw new Error(`GET: ${status}, ${body_bytes} bytes`);
  }
  seconds = (performance.now() - began) / 1_000;
  await ask('DELETE', id);
}
process.stdout.write(`${JSON.stringify({ seconds, bytes: load.files * load.bytes } satisfies FileLoadResult)}\n`);
process.exit(0);

/** The next answer on the connection. */
function answer(): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let header = '';
    let status = 0;
    let left = -1;
    let chunked = false;
    let body_bytes = 0;
    let text = '';
    const finish = (): void => {
      socket.off('data', onData);
      socket.off('close', onClose);
      resolve({ status, body_bytes, text: chunked ? text.replace(/^[\da-f]+\r\n/i, '').replace(/\r\n0\r\n\r\n$/, '') : text });
    };
    const onClose = (): void => reject(new Error('the connection closed'));
    const onData = (chunk: Buffer): void => {
      let body = chunk;
      if (left < 0 && !chunked) {
        header += chunk.toString('latin1');
        const end = header.indexOf('\r\n\r\n');
        if (end < 0) return;
        status = Number(header.slice(9, 12));
        chunked = /transfer-encoding: chunked/i.test(header.slice(0, end));
        left = status === 204 ? 0 : Number(/content-length: (\d+)/i.exec(header.slice(0, end))?.[1] ?? 0);
        body = Buffer.from(header.slice(end + 4), 'latin1');
      }
      body_bytes += body.length;
      if (text.length < KEPT) text += body.toString('latin1');
      if (chunked ? text.endsWith('0\r\n\r\n') : body_bytes >= left) finish();
    };
    socket.on('data', onData);
    socket.once('close', onClose);
  });
}
