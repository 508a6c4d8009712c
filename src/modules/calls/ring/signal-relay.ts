import { Injectable } from '@nestjs/common';
import { newId } from '../../../platform/ids/index.js';
import { Realtime } from '../../../platform/realtime/index.js';

/** What one person's sockets are to hear. */
export interface Signal {
  /** The Socket.IO room that they are in. */
  readonly channel: string;
  readonly event: string;
  /** The event's payload as JSON. */
  readonly payload: string;
}

interface Numbered extends Signal {
  readonly stream: string;
  /** 1, 2, 3 … within the stream. */
  readonly place: number;
}

interface Stream {
  next: number;
  readonly held: Map<number, Signal>;
  timer: NodeJS.Timeout | null;
  used_at: number;
}

const KIND = 'signal';
/** How long a signal waits for one before it that may be lost. */
const HOLD_MS = 1_000;
/** How many may wait so. */
const MOST_HELD = 100;
const MOST_STREAMS = 10_000;
const IDLE_MS = 600_000;

/**
 * Brings signals to the other person's sockets on every node, in the order in which one socket sent them: what carries them between nodes
 * promises none, and browsers take no candidate before the description that it belongs to.
 */
@Injectable()
export class SignalRelay {
  private readonly origins = new WeakMap<object, { stream: string; count: number }>();
  private readonly streams = new Map<string, Stream>();

  constructor(private readonly realtime: Realtime) {
    realtime.onRelay<Numbered>(KIND, (signal) => this.receive(signal));
  }

  /** Delivers here at once, and tells the other nodes. `origin` is the socket that sent it. */
  send(origin: object, signal: Signal): void {
    const from = this.origins.get(origin) ?? { stream: newId(), count: 0 };
    this.origins.set(origin, from);
    this.deliver(signal);
    this.realtime.relay(KIND, { ...signal, stream: from.stream, place: ++from.count } satisfies Numbered);
  }

  /** Takes what another node relays; what comes out of its turn waits for what is missing, and not for long. */
  receive(signal: Numbered): void {
    const stream = this.streamOf(signal.stream);
    stream.used_at = performance.now();
    if (signal.place > stream.next) {
      stream.held.set(signal.place, signal);
      if (stream.held.size > MOST_HELD) this.release(stream);
      else stream.timer ??= setTimeout(() => this.release(stream), HOLD_MS).unref();
      return;
    }
    this.deliver(signal);
    // One that was given up for lost came late, and changes nothing for those after it.
    if (signal.place < stream.next) return;
    stream.next++;
    this.deliverHeld(stream);
  }

  private deliverHeld(stream: Stream): void {
    for (let signal = stream.held.get(stream.next); signal; signal = stream.held.get(stream.next)) {
      stream.held.delete(stream.next++);
      this.deliver(signal);
    }
    if (stream.held.size === 0 && stream.timer) {
      clearTimeout(stream.timer);
      stream.timer = null;
    }
  }

  /** Gives up what is missing. */
  private release(stream: Stream): void {
    if (stream.timer) clearTimeout(stream.timer);
    stream.timer = null;
    stream.next = Math.min(...stream.held.keys());
    this.deliverHeld(stream);
    if (stream.held.size > 0) stream.timer = setTimeout(() => this.release(stream), HOLD_MS).unref();
  }

  private deliver({ channel, event, payload }: Signal): void {
    if (this.realtime.hasSockets(channel)) this.realtime.emitHere(channel, event, JSON.parse(payload));
  }

  private streamOf(id: string): Stream {
    const known = this.streams.get(id);
    if (known) return known;
    if (this.streams.size >= MOST_STREAMS) this.forget();
    const stream: Stream = { next: 1, held: new Map(), timer: null, used_at: performance.now() };
    this.streams.set(id, stream);
    return stream;
  }

  /** Forgets streams that have been silent for long; the oldest one where none has. */
  private forget(): void {
    const until = performance.now() - IDLE_MS;
    for (const [id, { used_at }] of this.streams) if (used_at < until) this.streams.delete(id);
    if (this.streams.size < MOST_STREAMS) return;
    const [oldest] = this.streams.keys();
    if (oldest !== undefined) this.streams.delete(oldest);
  }
}
