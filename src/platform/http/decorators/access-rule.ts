import type { ApiScope, Role } from '../../scope/index.js';

/**
 * In which tenant a public route runs: the one that the `request` names, the one of the `credential` where there is one, the one whose
 * secret has signed it (a webhook: the route brings a guard that finds out, and refuses with INVALID_SIGNATURE), or `none` at all.
 */
export type PublicTenant = 'request' | 'credential' | 'signature' | 'none';

/** Who may call a route. */
export type AccessRule =
  | { readonly kind: 'public'; readonly tenant: PublicTenant }
  | { readonly kind: 'role'; readonly role: Role; readonly scope?: ApiScope; readonly or_scope?: ApiScope }
  | { readonly kind: 'operator' };

/** Where {@link AccessRule} stands on a handler; a route without one stops the start. */
export const ACCESS = 'kaiwa:access';
