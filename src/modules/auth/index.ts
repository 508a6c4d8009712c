import { PasswordReset } from './password-reset.entity.js';
import { Session } from './session.entity.js';

export { addressKey } from './address-key.js';
export { AuthGuard } from './auth.guard.js';
export { AuthModule } from './auth.module.js';
export { AuthSweeper } from './auth.sweeper.js';
export { Authenticator, type SignedIn } from './authenticator.js';
export { bearerToken, cookieToken } from './credential.js';
export { IdempotencyGuard } from './idempotency.guard.js';
export { LimiterFactory, type LimiterOptions } from './limiter.factory.js';
export { OriginPolicy } from './origin-policy.js';
export { RateLimitGuard } from './rate-limit.guard.js';
export { type CountedAct, RateLimits } from './rate-limits.js';
export { RevocationList } from './revocation-list.js';
export { DEFAULT_ROOM_ID, ROOM_ACCESS, type RoomAccess } from './room-access.port.js';
export { type EndReason, type SessionEnd, SessionEnds } from './session-ends.js';
export { type PassHolder, type PassVerifier, SocketPasses } from './socket-passes.js';
export type { SessionKind } from './session.entity.js';

/** The entity classes of this module. */
export const AUTH_ENTITIES = [Session, PasswordReset];
