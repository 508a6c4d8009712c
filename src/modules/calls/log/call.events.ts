/** A call is over. `during` handlers run in the transaction that ends it; `on` handlers after its commit. */
export interface CallEnded {
  readonly client_id: string;
  readonly call_id: string;
}

declare module '../../../platform/events/index.js' {
  interface DomainEvents {
    'call.ended': CallEnded;
  }
}
