/** A message in a room whose members are ids alone. */
export interface DirectMessagePosted {
  readonly client_id: string;
  readonly room_id: string;
  readonly sender_id: string;
  readonly id: string;
}

/** Announced once the message is stored, or within the transaction that makes its room; the sender's answer waits for it. */
declare module '../../platform/events/index.js' {
  interface DomainEvents {
    'direct_message.posted': DirectMessagePosted;
  }
}
