import { readFileSync } from 'node:fs';

type Drawing = typeof import('../../src/modules/pages/thumbnail/drawing-process.js');

/* Draws pages as the server does, in the process that `dist` starts for it, and prints what became of that process as JSON. */

const { DrawingProcess, UndrawableError } = (await import(
  new URL('../../dist/src/modules/pages/thumbnail/drawing-process.js', import.meta.url).href
)) as Drawing;
const logger = { debug() {}, info() {}, warn() {}, error() {} } as unknown as ConstructorParameters<typeof DrawingProcess>[0];

const drawing = new DrawingProcess(logger);
const before = drawing.pid ?? null;
const pictures = await Promise.all([1, 2, 3].map((n) => drawing.draw(`<h1>${n}</h1>`)));
const first = drawing.pid ?? 0;
const environment = environmentOf(first);

// Killed from outside, as by the system where memory runs out: this page has no picture, the next one a new process.
const lost = drawing.draw('<p>x</p>'.repeat(50)).then(
  () => 'drawn',
  (error: unknown) => (error instanceof UndrawableError ? 'undrawable' : String(error)),
);
setImmediate(() => process.kill(first, 'SIGKILL'));
const outcome = await lost;
const after = await drawing.draw('<h1>after</h1>');
const second = drawing.pid ?? 0;
drawing.onModuleDestroy();
const ended = await goneSoon(second);

process.stdout.write(
  `${JSON.stringify({ before, pictures: new Set(pictures).size, first, outcome, after: after.length > 0, second, ended, environment })}\n`,
);

/** The process's environment where the system shows it, else null. */
function environmentOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8');
  } catch {
    return null;
  }
}

async function goneSoon(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
