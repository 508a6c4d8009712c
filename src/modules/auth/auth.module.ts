import { Module } from '@nestjs/common';
import { MailModule } from '../../integrations/mail/index.js';
import { Config } from '../../platform/config/index.js';
import { Logger } from '../../platform/http/index.js';
import { TenancyModule } from '../tenancy/index.js';
import { UsersModule } from '../users/index.js';
import { AccountRepository } from './account.repository.js';
import { AuthEvents } from './auth.events.js';
import { AuthGuard } from './auth.guard.js';
import { AuthSweeper } from './auth.sweeper.js';
import { Authenticator } from './authenticator.js';
import { GuessLimiter } from './guess-limiter.js';
import { IdempotencyGuard } from './idempotency.guard.js';
import { IdempotencyRepository } from './idempotency.repository.js';
import { IssuerKeys } from './issuer-keys.js';
import { JwtStrategy } from './jwt.strategy.js';
import { connectLimits, LimiterFactory } from './limiter.factory.js';
import { LoginController } from './login.controller.js';
import { LoginService } from './login.service.js';
import { OidcService } from './oidc.service.js';
import { OriginPolicy } from './origin-policy.js';
import { PasswordController } from './password.controller.js';
import { PasswordResetRepository } from './password-reset.repository.js';
import { PasswordService } from './password.service.js';
import { RateLimitGuard } from './rate-limit.guard.js';
import { RateLimits } from './rate-limits.js';
import { RevocationList } from './revocation-list.js';
import { RevocationService } from './revocation.service.js';
import { SessionEnds } from './session-ends.js';
import { SessionRepository } from './session.repository.js';
import { SessionService } from './session.service.js';
import { SocketPasses } from './socket-passes.js';
import { TokenService } from './token.service.js';
import { VerifiedCredentials } from './verified-credentials.js';

/** Who calls: credentials, sessions, their end on every node; and what bounds callers (contract, sections 0 and 2). */
@Module({
  imports: [TenancyModule, UsersModule, MailModule],
  controllers: [LoginController, PasswordController],
  providers: [
    AccountRepository,
    AuthEvents,
    AuthGuard,
    AuthSweeper,
    Authenticator,
    GuessLimiter,
    IdempotencyGuard,
    IdempotencyRepository,
    IssuerKeys,
    JwtStrategy,
    {
      provide: LimiterFactory,
      inject: [Config, Logger],
      useFactory: async (config: Config, logger: Logger) => new LimiterFactory(await connectLimits(config, logger)),
    },
    LoginService,
    OidcService,
    OriginPolicy,
    PasswordResetRepository,
    PasswordService,
    RateLimitGuard,
    RateLimits,
    RevocationList,
    RevocationService,
    SessionEnds,
    SessionRepository,
    SessionService,
    SocketPasses,
    TokenService,
    VerifiedCredentials,
  ],
  exports: [
    AuthGuard,
    AuthSweeper,
    Authenticator,
    IdempotencyGuard,
    LimiterFactory,
    OriginPolicy,
    RateLimitGuard,
    RateLimits,
    RevocationList,
    SessionEnds,
    SocketPasses,
  ],
})
export class AuthModule {}
