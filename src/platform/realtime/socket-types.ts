import type { Server, Socket } from 'socket.io';
import type { UserActor } from '../scope/index.js';
import type { EventBudget } from './event-budget.js';

/** What a socket that came without an account's credential may do: hear one channel, and send a few events. */
export interface SocketPass {
  readonly channel: string;
  readonly events: readonly string[];
}

/** What the server keeps of one connected socket. */
export interface SocketData {
  client_id: string;
  actor: UserActor;
  /** What it is bound to, where it came by a pass; null for one that may do all that its person may. */
  pass: SocketPass | null;
  /** The actor with the role that it has now; null where its session has ended. */
  asOfNow: (actor: UserActor) => UserActor | null;
  username: string;
  address: string;
  /** The rooms that this socket is in, each with the place of the first message that it was sent live. */
  joined: Map<string, number>;
  /** The rooms that it is coming into or leaving just now, each with when that is done: one thing at a time in each. */
  joining: Map<string, Promise<void>>;
  budget: EventBudget;
}

/** Events are named and shaped by the modules that send them; this floor moves them. */
type Events = Record<string, (...args: never[]) => void>;

export type KaiwaSocket = Socket<Events, Events, Events, SocketData>;
export type KaiwaServer = Server<Events, Events, Events, SocketData>;

/** The acknowledgement of a client's event: `{ok: true, …}` or `{ok: false, code, message}`. */
export type Ack = { ok: true; [field: string]: unknown } | { ok: false; code: string; message: string; details?: unknown };

/**
 * An acknowledgement with work that must follow it in the same turn of the event loop: nothing can be delivered to the
 * socket between the two.
 */
export class AckThen {
  constructor(
    readonly ack: Record<string, unknown>,
    readonly after: () => void,
  ) {}
}
