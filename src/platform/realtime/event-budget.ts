/** Events a second that one socket may send, where a caller may send the usual number of requests; bursts of twice that. */
const RATES: Record<string, number> = { joinRoom: 20, leaveRoom: 20, typing: 10, renewToken: 5 };
const DEFAULT_RATE = 50;
/** The requests a minute that the rates above go with. */
const USUAL_CALLER = 1_200;

interface Bucket {
  tokens: number;
  at: number;
}

/** Token buckets for one socket, so that a client that floods is refused while others are served. */
export class EventBudget {
  private readonly buckets = new Map<string, Bucket>();
  private readonly factor: number;

  /** `per_minute` is the limit of a caller's requests, which the socket's rates follow; null for none. */
  constructor(per_minute: number | null) {
    this.factor = per_minute === null ? Infinity : per_minute / USUAL_CALLER;
  }

  /** Takes one token for `event`; false where the socket has sent too many. `now` is in milliseconds. */
  take(event: string, now = performance.now()): boolean {
    if (this.factor === Infinity) return true;
    const rate = Math.max(1, (RATES[event] ?? DEFAULT_RATE) * this.factor);
    const bucket = this.buckets.get(event);
    if (!bucket) {
      this.buckets.set(event, { tokens: rate * 2 - 1, at: now });
      return true;
    }
    bucket.tokens = Math.min(rate * 2, bucket.tokens + ((now - bucket.at) / 1000) * rate);
    bucket.at = now;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}
