import { Injectable } from '@nestjs/common';
import { Database } from '../database/index.js';
import { Logger } from '../http/index.js';

/**
 * What happened, by name (in the past: `message.posted`). Each module declares its own by declaration merging:
 * `declare module '…/platform/events/index.js' { interface DomainEvents { 'room.deleted': RoomDeleted } }`.
 */
export interface DomainEvents {}

export type DomainEventName = Extract<keyof DomainEvents, string>;

type Handler<E extends DomainEventName> = (payload: DomainEvents[E]) => void | Promise<void>;

/**
 * How a module speaks to modules that it may not import.
 * `publish` tells after the commit what has happened; `announce` lets others take part in the open transaction.
 */
@Injectable()
export class EventBus {
  private readonly afterwards = new Map<string, Array<Handler<never>>>();
  private readonly inside = new Map<string, Array<Handler<never>>>();

  constructor(
    private readonly database: Database,
    private readonly logger: Logger,
  ) {}

  /** Calls `handler` after the commit of whatever published the event. Its errors are logged and stop nobody. */
  on<E extends DomainEventName>(name: E, handler: Handler<E>): void {
    add(this.afterwards, name, handler);
  }

  /** Calls `handler` inside the announcer's transaction; if it throws, everything is rolled back. */
  during<E extends DomainEventName>(name: E, handler: Handler<E>): void {
    add(this.inside, name, handler);
  }

  /** Tells, once the open transaction has committed (at once where none is open), that something happened. */
  publish<E extends DomainEventName>(name: E, payload: DomainEvents[E]): void {
    this.database.afterCommit(async () => {
      for (const handler of this.afterwards.get(name) ?? []) {
        try {
          await (handler as Handler<E>)(payload);
        } catch (error) {
          this.logger.error({ err: error, event: name }, 'an event handler failed');
        }
      }
    });
  }

  /** Runs every `during` handler now, in the order of registration, inside the open transaction. */
  async announce<E extends DomainEventName>(name: E, payload: DomainEvents[E]): Promise<void> {
    for (const handler of this.inside.get(name) ?? []) await (handler as Handler<E>)(payload);
  }
}

function add(map: Map<string, Array<Handler<never>>>, name: string, handler: Handler<never>): void {
  const handlers = map.get(name);
  if (handlers) handlers.push(handler);
  else map.set(name, [handler]);
}
