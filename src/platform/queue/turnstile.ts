import { AppError } from '../errors/index.js';

/** Lets a few pieces of work run at once, the others in the order in which they came, and turns away what is too much. */
export class Turnstile {
  private running = 0;
  private readonly waiting: Array<() => void> = [];

  constructor(
    private readonly at_once: number,
    private readonly most_waiting: number,
  ) {}

  /** True where nothing runs, and so nothing waits. */
  get isIdle(): boolean {
    return this.running === 0;
  }

  /** What the work answers. @throws OVERLOADED (503) when too many wait */
  async pass<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= this.at_once) {
      if (this.waiting.length >= this.most_waiting) throw new AppError('OVERLOADED', { retry_after_seconds: 2 });
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else {
      this.running++;
    }
    try {
      return await work();
    } finally {
      // The place goes straight to the next in line, so that nobody who comes now overtakes it.
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}
