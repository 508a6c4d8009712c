import type { ApiScope, Role } from '../../scope/index.js';

/**
 * In which tenant a public route runs: the one that the `request` names, the one of the `credential` where there is one, or `none` at all.
 */
export type PublicTenant = 'request' | 'credential' | 'none';

/** Who may call a route. */
export type AccessRule =
  | { readonly kind: 'public'; readonly tenant: PublicTenant }
  | { readonly kind: 'role'; readonly role: Role; readonly scope?: ApiScope; readonly or_scope?: ApiScope }
  | { readonly kind: 'operator' };

/** Where {@link AccessRule} stands on a handler; a route without one stops the start. */
export const ACCESS = 'kaiwa:access';
