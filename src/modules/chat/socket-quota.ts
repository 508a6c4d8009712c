import { AppError } from '../../platform/errors/index.js';
import { EventBudget, type KaiwaSocket } from '../../platform/realtime/index.js';

/** Sockets that one person may have on this node. */
const MOST_SOCKETS = 100;

/** How many sockets a person has on this node, those on their way in among them: what comes all at once is counted too. */
export class SocketQuota {
  private readonly coming = new Map<string, Set<KaiwaSocket>>();

  /** `per_minute` is the limit of a caller's requests, which the events of sockets follow; null for none. */
  constructor(private readonly per_minute: number | null) {}

  /**
   * Lets one more come in under the person's `channel`, in which `present` are already; answers the budget that all of a person's sockets
   * share: more sockets are not more room.
   * @throws RATE_LIMITED
   */
  enter(channel: string, present: readonly KaiwaSocket[], socket: KaiwaSocket): EventBudget {
    const coming = this.coming.get(channel) ?? new Set();
    if (present.length + coming.size >= MOST_SOCKETS) throw new AppError('RATE_LIMITED');
    const [other = present[0]] = coming;
    this.coming.set(channel, coming.add(socket));
    return other?.data.budget ?? new EventBudget(this.per_minute);
  }

  /** The socket is in its channel now, or will never be. */
  settle(channel: string, socket: KaiwaSocket): void {
    const coming = this.coming.get(channel);
    if (coming?.delete(socket) && coming.size === 0) this.coming.delete(channel);
  }
}
