import { Injectable } from '@nestjs/common';
import { hashSecret, newSecret, PasswordHasher } from '../../platform/crypto/index.js';
import { Database } from '../../platform/database/index.js';
import { AppError } from '../../platform/errors/index.js';
import { Logger } from '../../platform/http/index.js';
import { Scope, type UserActor } from '../../platform/scope/index.js';
import { caseless } from '../../platform/text/index.js';
import { MailQueue } from '../../integrations/mail/index.js';
import { AuditService, TenantDirectory } from '../tenancy/index.js';
import { AccountRepository } from './account.repository.js';
import { GuessLimiter } from './guess-limiter.js';
import { guessSubject } from './login.service.js';
import { passwordResetMail } from './password-reset.mail.js';
import { PasswordResetRepository } from './password-reset.repository.js';
import { RateLimits } from './rate-limits.js';
import { SessionService } from './session.service.js';

/** How long a reset's token is good. */
const RESET_MS = 60 * 60 * 1_000;
/** Resets that are worked on at a time behind their answers; further ones are dropped. */
const MAX_PENDING = 100;

/** Changes passwords: by the old one, or by a token that was mailed. */
@Injectable()
export class PasswordService {
  private pending = 0;

  constructor(
    private readonly database: Database,
    private readonly accounts: AccountRepository,
    private readonly resets: PasswordResetRepository,
    private readonly sessions: SessionService,
    private readonly hasher: PasswordHasher,
    private readonly guesses: GuessLimiter,
    private readonly limits: RateLimits,
    private readonly tenants: TenantDirectory,
    private readonly audit: AuditService,
    private readonly mails: MailQueue,
    private readonly logger: Logger,
  ) {}

  /**
   * Sets a new password; all other sessions of the user end.
   * @throws INCORRECT_PASSWORD, RATE_LIMITED
   */
  async change(actor: UserActor, current_password: string, new_password: string): Promise<void> {
    const account = await this.accounts.findById(actor.id);
    if (!account) throw new AppError('UNAUTHORIZED');
    const matches = await this.guesses.attempt(`change ${actor.id}`, () => this.hasher.verify(account.password_hash, current_password));
    if (!matches) throw new AppError('INCORRECT_PASSWORD');
    const password_hash = await this.hasher.hash(new_password);
    await this.database.transaction(async () => {
      const locked = await this.accounts.lock(actor.id);
      // Of two changes at once the second one's current password is not the current one any more.
      if (!locked || locked.password_hash !== account.password_hash) throw new AppError('INCORRECT_PASSWORD');
      await this.accounts.setPassword(actor.id, password_hash);
      await this.resets.delete({ user_id: actor.id });
      await this.sessions.endAll(actor.id, 'password_changed', actor.sid);
      await this.audit.record(actor, 'user.password_changed', 'user', actor.id);
    });
  }

  /**
   * Mails a token to the account that has this address, if there is one. Answers before it looks, so that the time tells nothing.
   * @throws RATE_LIMITED by address alone
   */
  async requestReset(email: string): Promise<void> {
    const scope = Scope.get();
    await this.limits.countAddress('password_reset', scope.address);
    if (this.pending >= MAX_PENDING) throw new AppError('OVERLOADED', { retry_after_seconds: 2 });
    this.pending++;
    const { client_id, request_id } = { client_id: Scope.clientId(), request_id: scope.request_id };
    setImmediate(() => {
      Scope.runAs(client_id, () => this.mailReset(email), request_id)
        .catch((error: unknown) => this.logger.error({ err: error, client_id, request_id }, 'a password reset could not be mailed'))
        .finally(() => this.pending--);
    });
  }

  /**
   * Sets a new password by a token from a mail; all sessions of the user end.
   * @throws INVALID_TOKEN
   */
  async confirmReset(token: string, new_password: string): Promise<void> {
    const token_hash = hashSecret(token);
    // A hash is costly: not for a token that is none.
    const good = await this.resets.findGood(token_hash);
    if (!good) throw new AppError('INVALID_TOKEN');
    const password_hash = await this.hasher.hash(new_password);
    await this.database.transaction(async () => {
      // The user first, as everywhere, so that two changes at once cannot wait for each other.
      const account = await this.accounts.lock(good.user_id);
      const used = await this.resets.use(token_hash);
      if (!account || account.disabled_at || used !== account.id) throw new AppError('INVALID_TOKEN');
      await this.accounts.setPassword(account.id, password_hash);
      await this.accounts.setEmailVerified(account.id);
      await this.sessions.endAll(account.id, 'password_changed');
      await this.audit.record(null, 'user.password_reset', 'user', account.id);
    });
    await this.guesses.trust(guessSubject({ id: good.user_id }, ''));
  }

  private async mailReset(email: string): Promise<void> {
    const email_key = caseless(email);
    const account = await this.accounts.findByEmail(email_key);
    const tenant = await this.tenants.find(Scope.clientId());
    if (!account || account.disabled_at || !tenant) return;
    if (!(await this.isAllowed(account.id))) return;
    const token = newSecret();
    await this.resets.insert({ user_id: account.id, token_hash: hashSecret(token), expires_at: new Date(Date.now() + RESET_MS) });
    this.mails.enqueue(passwordResetMail(account.email, tenant.name, token));
  }

  /** Too many mails to one account are not sent; the caller was answered already. */
  private async isAllowed(user_id: string): Promise<boolean> {
    try {
      await this.limits.countAccount('password_reset', `${Scope.clientId()} ${user_id}`);
      return true;
    } catch (error) {
      if (error instanceof AppError && error.code === 'RATE_LIMITED') return false;
      throw error;
    }
  }
}
