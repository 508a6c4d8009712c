/** Events a second that one socket may send, by what they cost; bursts of twice that. */
const RATES: Record<string, number> = { joinRoom: 20, leaveRoom: 20, typing: 10, renewToken: 1 };
const DEFAULT_RATE = 50;

interface Bucket {
  tokens: number;
  at: number;
}

/** Token buckets for one socket, so that a client that floods is refused while others are served. */
export class EventBudget {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly enabled: boolean) {}

  /** Takes one token for `event`; false where the socket has sent too many. `now` is in milliseconds. */
  take(event: string, now = performance.now()): boolean {
    if (!this.enabled) return true;
    const rate = RATES[event] ?? DEFAULT_RATE;
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
