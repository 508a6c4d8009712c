import { Injectable } from '@nestjs/common';

/** How long deliveries may keep the event loop from reading what comes in. */
const SLICE_MS = 10;
/** Where the oldest has waited for longer than this, whoever posts waits for its own delivery: telling must not fall behind. */
const MOST_BEHIND_MS = 4;

/**
 * What is committed and still to be told. Messages of one batch go out in one turn, so that a socket's frames leave in one write; between slices the server reads what has
 * come meanwhile, so that the next messages are being stored while these go out.
 */
@Injectable()
export class Outbox {
  private readonly queue: Array<{ readonly delivery: () => void; readonly at: number }> = [];
  private next = 0;
  private scheduled = false;

  /** True where posting has got too far ahead of telling. */
  get isBehind(): boolean {
    const oldest = this.queue[this.next];
    return oldest !== undefined && performance.now() - oldest.at > MOST_BEHIND_MS;
  }

  /** Runs `delivery` soon, after all that were pushed before. */
  push(delivery: () => void): void {
    this.queue.push({ delivery, at: performance.now() });
    this.schedule();
  }

  /** Runs everything that waits, now. */
  flush(): void {
    while (this.next < this.queue.length) this.runNext();
    this.clear();
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      const until = performance.now() + SLICE_MS;
      while (this.next < this.queue.length) {
        this.runNext();
        if (performance.now() >= until) break;
      }
      if (this.next < this.queue.length) this.schedule();
      else this.clear();
    });
  }

  private runNext(): void {
    this.queue[this.next++]?.delivery();
    // The part that is done goes now and then, not each time.
    if (this.next > 1_024) {
      this.queue.splice(0, this.next);
      this.next = 0;
    }
  }

  private clear(): void {
    this.queue.length = 0;
    this.next = 0;
  }
}
