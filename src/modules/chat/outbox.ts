import { Injectable } from '@nestjs/common';

/** How long deliveries may keep the event loop from reading what comes in. */
const SLICE_MS = 10;
/** Where the oldest has waited for longer than this, whoever posts waits for its own delivery: telling must not fall behind. */
const MOST_BEHIND_MS = 4;
/** How long a crowd waits at most for messages that are being stored already. */
const HOLD_MS = 4;

interface Held {
  readonly deliveries: ReadonlyArray<() => void>;
  readonly timer: NodeJS.Timeout;
}

/**
 * What is committed and still to be told. Messages of one batch go out in one turn, so that a socket's frames leave in one write; between slices the server reads what has
 * come meanwhile, so that the next messages are being stored while these go out.
 */
@Injectable()
export class Outbox {
  private readonly queue: Array<{ readonly delivery: () => void; readonly at: number }> = [];
  private readonly held = new Map<string, Held>();
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

  /**
   * Runs a room's deliveries soon. Where `has_company` says that more of that room is being stored, they wait for it once, a few
   * milliseconds at most: what a crowd is told together costs each of its sockets one write.
   */
  pushGroup(room: string, deliveries: ReadonlyArray<() => void>, has_company: boolean): void {
    const held = this.held.get(room);
    if (held) this.letGo(room, held);
    else if (has_company) {
      const timer = setTimeout(() => this.letGo(room, { deliveries, timer }), HOLD_MS);
      this.held.set(room, { deliveries, timer });
      return;
    }
    for (const delivery of deliveries) this.push(delivery);
  }

  /** Runs everything that waits, now. */
  flush(): void {
    for (const [room, held] of this.held) this.letGo(room, held);
    while (this.next < this.queue.length) this.runNext();
    this.clear();
  }

  private letGo(room: string, { deliveries, timer }: Held): void {
    clearTimeout(timer);
    this.held.delete(room);
    for (const delivery of deliveries) this.push(delivery);
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
