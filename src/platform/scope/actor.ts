/** The roles of a tenant's people, weakest first; each may do all that the ones before it may (contract, section 0). */
export const ROLES = ['member', 'staff', 'admin', 'owner'] as const;
export type Role = (typeof ROLES)[number];

/** What an API key may be allowed to do. */
export const API_SCOPES = ['phone', 'settings', 'rooms', 'files', 'pages', 'matching', 'users'] as const;
export type ApiScope = (typeof API_SCOPES)[number];

/** A signed-in person of the tenant. */
export interface UserActor {
  readonly kind: 'user';
  readonly id: string;
  readonly email: string;
  readonly role: Role;
  /** The session; null for a person who came with another issuer's ID token. */
  readonly sid: string | null;
  /** The room named at login. */
  readonly room_id: string;
  /** `pass`: a signed link that stands for the person in one thing alone, by socket. */
  readonly credential: 'cookie' | 'bearer' | 'oidc' | 'pass';
  /** When the credential ends, in seconds since 1970. */
  readonly exp: number;
}

/** A system of the tenant's that signs in with an API key. */
export interface ApiKeyActor {
  readonly kind: 'api_key';
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly ApiScope[];
}

/** Whoever holds the operator key: runs the installation for all tenants. */
export interface OperatorActor {
  readonly kind: 'operator';
  readonly id: 'operator';
}

export type Actor = UserActor | ApiKeyActor | OperatorActor;

/** Who a request's credential stands for. `client_id` is null for the operator, who belongs to no tenant. */
export interface Credential {
  readonly actor: Actor;
  readonly client_id: string | null;
}

/** True where `role` has everything that `needed` has. */
export function roleCovers(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
