/** Every number of the limits beside RATE_LIMIT itself; durations in seconds. */
export const LIMITS = {
  /** RATE_LIMIT counts requests in windows of this length. */
  window_seconds: 60,
  login: {
    /** Wrong passwords for one account before it is locked to addresses that never signed in to it. */
    account_failures: 10,
    address_failures: 100,
    /** Wrong passwords for one account from an address that signed in to it. */
    known_failures: 20,
    window_seconds: 15 * 60,
    /** The first lock; each further one within a day lasts twice as long, up to the longest. */
    first_lock_seconds: 60,
    longest_lock_seconds: 15 * 60,
    lock_memory_seconds: 24 * 60 * 60,
    /** How long an address counts as one that the owner signs in from. Timers reach no further than 24 days. */
    known_address_seconds: 20 * 24 * 60 * 60,
    /** Passwords of one account that are checked at a time on one node; others wait. */
    at_a_time: 4,
  },
  /** Whole schools and events register from one address. */
  registration: { address: 3_000, address_window_seconds: 60 * 60, account: 100, account_window_seconds: 15 * 60 },
  password_reset: { address: 30, address_window_seconds: 60 * 60, account: 3, account_window_seconds: 60 * 60 },
  /** Counters that one limiter keeps in memory at most. */
  counters: 100_000,
} as const;
