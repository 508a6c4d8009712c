import sharp from 'sharp';
import { drawPage } from './drawing.js';

/* The process that draws pages: `DrawingProcess` starts it without network, files or environment, and ends it when it idles or takes too long. */

/** What it is asked; one page at a time. */
export interface DrawingTask {
  readonly html: string;
}

/** What it answers: the picture, or why there is none. */
export type DrawingAnswer = { readonly image: string } | { readonly fault: string };

// One picture at a time needs neither a cache nor more than one thread.
sharp.cache(false);
sharp.concurrency(1);

process.on('message', (task: DrawingTask) => {
  drawPage(task.html).then(
    (image) => answer({ image }),
    (error: unknown) => answer({ fault: error instanceof Error ? error.message.slice(0, 300) : 'What was thrown is no error' }),
  );
});
// The server is gone.
process.on('disconnect', () => process.exit(0));

function answer(words: DrawingAnswer): void {
  process.send?.(words);
}
