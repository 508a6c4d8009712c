/** Sockets of people have been recorded. */
export interface SocketsRecorded {
  readonly client_id: string;
  readonly sockets: ReadonlyArray<{ readonly connection_id: string; readonly user_id: string }>;
}

/** People have no socket on any node any more. */
export interface UsersDisconnected {
  readonly client_id: string;
  readonly user_ids: readonly string[];
}

/** Each is announced in a transaction of its own, once what it tells of is committed. */
declare module '../../platform/events/index.js' {
  interface DomainEvents {
    'sockets.recorded': SocketsRecorded;
    'users.disconnected': UsersDisconnected;
  }
}
