import { Injectable } from '@nestjs/common';
import { Algorithm, hash, verify } from '@node-rs/argon2';
import { Turnstile } from '../queue/index.js';

/** OWASP's first choice for argon2id; about 7 ms of a pool thread. */
const PARAMETERS = { algorithm: 2 satisfies Algorithm.Argon2id as number, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * Hashing shares libuv's four threads with file reads and DNS: two at a time leaves room for those, and past a bounded
 * queue callers are told to come back, since an unbounded one held up every file read for seconds.
 */
const MAX_RUNNING = 2;
const MAX_WAITING = 128;

/** argon2id password hashes (RFC 9106), made and verified off the event loop. */
@Injectable()
export class PasswordHasher {
  private readonly turnstile = new Turnstile(MAX_RUNNING, MAX_WAITING);
  /** A hash of nobody's password: verifying against it costs what a real one costs, so that time tells nothing. */
  private readonly decoy = hash('nobody has this password', PARAMETERS);

  /** The hash in PHC string format. Throws OVERLOADED (503) when too many wait. */
  async hash(password: string): Promise<string> {
    return this.turnstile.pass(() => hash(password.normalize('NFC'), PARAMETERS));
  }

  /** True where `password` made `stored`. A null `stored` takes as long and is false. */
  async verify(stored: string | null | undefined, password: string): Promise<boolean> {
    const against = stored ?? (await this.decoy);
    const matches = await this.turnstile.pass(() => verify(against, password.normalize('NFC')));
    return matches && stored != null;
  }
}
