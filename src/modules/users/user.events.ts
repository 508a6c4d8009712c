import type { Role } from '../../platform/scope/index.js';

/** Whom an event is about. */
export interface UserEvent {
  readonly client_id: string;
  readonly id: string;
}

export interface UserRegistered extends UserEvent {
  readonly username: string;
  readonly email: string;
  readonly role: Role;
}

export interface UserRoleChanged extends UserEvent {
  readonly role: Role;
  readonly previous_role: Role;
}

/**
 * Each is announced inside the transaction that does it, so that others can take part, and published after its commit; but
 * `user.deleting` is announced alone, while the row is still there, and `user.deleted` is published alone.
 */
declare module '../../platform/events/index.js' {
  interface DomainEvents {
    'user.registered': UserRegistered;
    'user.role_changed': UserRoleChanged;
    'user.disabled': UserEvent;
    'user.enabled': UserEvent;
    'user.deleting': UserEvent;
    'user.deleted': UserEvent;
  }
}
