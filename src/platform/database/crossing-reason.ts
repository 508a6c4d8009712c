/** Why code may look past one tenant; each crossing names one, so that all of them can be found and counted. */
export type CrossingReason =
  /** Finding the tenant itself: by `client_id`, domain, phone number or meeting link, before any is in scope. */
  | 'tenant-directory'
  /** Whether a phone call that a tenant names is another's: callers of one operator's account are told apart by this. */
  | 'call-owner'
  /** Finding the tenant of a page that is delivered by its id alone. */
  | 'page-delivery'
  /** What the operator does above the tenants: listing, making, changing and deleting them, and the operator's log. */
  | 'operator'
  /** Loading what was revoked (sessions, disabled accounts, API keys) for all tenants, at start and after a lost LISTEN. */
  | 'revocation-load'
  /** Deleting what has expired, in all tenants. */
  | 'sweep'
  /** Finding the tenants whose search index an earlier release has made; it is renewed in each one's scope. */
  | 'reindex'
  /** Which nodes live, and clearing what a dead one left behind (its connections). */
  | 'node-liveness'
  /** The queue's own bookkeeping across tenants; a job itself runs in its tenant's scope. */
  | 'job';
