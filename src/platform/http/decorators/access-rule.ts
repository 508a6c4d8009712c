import type { ApiScope, Role } from '../../scope/index.js';

/** Who may call a route. */
export type AccessRule =
  | { readonly kind: 'public' }
  | { readonly kind: 'role'; readonly role: Role; readonly scope?: ApiScope }
  | { readonly kind: 'operator' };

/** Where {@link AccessRule} stands on a handler; a route without one stops the start. */
export const ACCESS = 'kaiwa:access';
