/** A tenant is being made: take part in the same transaction, in the new tenant's scope. */
export interface TenantCreating {
  readonly client_id: string;
  readonly owner: {
    readonly username: string;
    readonly email: string;
    readonly password_hash: string;
  };
}

/** A tenant and all its rows are gone. */
export interface TenantDeleted {
  readonly client_id: string;
}

/** A key is being deleted: take part in the same transaction. */
export interface ApiKeyDeleting {
  readonly id: string;
}

/** Somebody is being invited: take part in the same transaction. */
export interface InvitationCreating {
  readonly email: string;
}

declare module '../../platform/events/index.js' {
  interface DomainEvents {
    'tenant.creating': TenantCreating;
    'tenant.deleted': TenantDeleted;
    'api_key.deleting': ApiKeyDeleting;
    'invitation.creating': InvitationCreating;
  }
}
