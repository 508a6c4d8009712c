import { Injectable } from '@nestjs/common';
import type { SocketPass } from '../../platform/realtime/index.js';

/** A person who comes by a signed link, and for what. */
export interface PassHolder {
  readonly client_id: string;
  readonly user_id: string;
  /** When the pass ends, in seconds since 1970; the socket is closed then. */
  readonly exp: number;
  readonly pass: SocketPass;
}

/** The holder of a pass, or null where it is none of this kind or does not hold; also where the account may not sign in. */
export type PassVerifier = (token: string) => Promise<PassHolder | null>;

/**
 * Passes by which sockets come in without an account's credential, as `auth: {pass}` of the handshake. Modules above say what is one: each
 * registers its kind, and a pass opens what its verifier says and nothing else.
 */
@Injectable()
export class SocketPasses {
  private readonly verifiers: PassVerifier[] = [];

  /** Adds a kind of passes; called while the application is built. */
  register(verify: PassVerifier): void {
    this.verifiers.push(verify);
  }

  /** Whom a pass lets in, or null. */
  async verify(token: string): Promise<PassHolder | null> {
    for (const verify of this.verifiers) {
      const holder = await verify(token);
      if (holder && holder.exp * 1_000 > Date.now()) return holder;
    }
    return null;
  }
}
