import { Server } from 'socket.io';
import type { Cluster } from './cluster.js';
import type { KaiwaServer } from './socket-types.js';

/** The token of what {@link makeRelayServer} makes, where a process has it. */
export const RELAY_SERVER = Symbol('RELAY_SERVER');

/**
 * For a process that takes no sockets, such as a worker: what it emits goes to the sockets of the other nodes. Null where nothing carries
 * events between nodes.
 */
export function makeRelayServer({ createAdapter }: Cluster): KaiwaServer | null {
  return createAdapter ? new Server({ adapter: createAdapter }) : null;
}

/** Takes its leave of the other nodes. */
export async function closeRelayServer(server: KaiwaServer | null): Promise<void> {
  await server?.of('/').adapter.close();
}
