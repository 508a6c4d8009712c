import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { UnknownElementException } from '@nestjs/core/errors/exceptions/unknown-element.exception.js';
import { PasswordHasher } from '../../platform/crypto/index.js';
import { AppError, type ErrorCode } from '../../platform/errors/index.js';
import { CLIENT_NAME } from '../../platform/http/index.js';
import { caseless } from '../../platform/text/index.js';
import { type Credential, Scope } from '../../platform/scope/index.js';
import { type Account, AccountRepository } from './account.repository.js';
import { GuessLimiter } from './guess-limiter.js';
import { DEFAULT_ROOM_ID, ROOM_ACCESS, type RoomAccess } from './room-access.port.js';
import { SessionService, type TokenPair } from './session.service.js';
import type { SignedToken } from './token.service.js';

/** How the guesses at an account are counted, whichever door they come by. */
export function guessSubject(account: Pick<Account, 'id'> | null, name_key: string): string {
  return account ? `user ${account.id}` : `name ${name_key}`;
}

/** One credential check behind the doors that the sources name (contract, section 2). */
@Injectable()
export class LoginService implements OnModuleInit {
  private rooms: RoomAccess | undefined;

  constructor(
    private readonly accounts: AccountRepository,
    private readonly sessions: SessionService,
    private readonly hasher: PasswordHasher,
    private readonly guesses: GuessLimiter,
    private readonly modules: ModuleRef,
  ) {}

  /** Rooms are of a module that stands above this one, so they are looked up, not imported. */
  onModuleInit(): void {
    try {
      this.rooms = this.modules.get<RoomAccess>(ROOM_ACCESS, { strict: false });
    } catch (error) {
      if (!(error instanceof UnknownElementException)) throw error;
    }
  }

  /**
   * Signs in for the cookie, by username or email.
   * @throws USER_NOT_FOUND, INCORRECT_PASSWORD, ACCOUNT_DISABLED, RATE_LIMITED
   */
  async loginByName(username_or_email: string, password: string): Promise<SignedToken> {
    const name_key = caseless(username_or_email);
    const account = await this.findByName(name_key);
    const matches = await this.check(account, name_key, password);
    if (!account) throw new AppError('USER_NOT_FOUND');
    if (!matches) throw new AppError('INCORRECT_PASSWORD');
    return asMistake('INCORRECT_PASSWORD', this.sessions.startCookie(account, DEFAULT_ROOM_ID));
  }

  /**
   * Signs in for bearer tokens. A wrong email takes as long as a wrong password, and is answered alike.
   * @throws INVALID_CREDENTIALS, ACCOUNT_DISABLED, ROOM_NOT_FOUND, RATE_LIMITED
   */
  async loginByEmail(email: string, password: string, room_id: string | null): Promise<TokenPair> {
    const email_key = caseless(email);
    const account = await this.accounts.findByEmail(email_key);
    const matches = await this.check(account, email_key, password);
    if (!account || !matches) throw new AppError('INVALID_CREDENTIALS');
    if (account.disabled_at) throw new AppError('ACCOUNT_DISABLED');
    const room = room_id ?? DEFAULT_ROOM_ID;
    if (room_id !== null && !(await this.canEnter(account.id, room_id))) throw new AppError('ROOM_NOT_FOUND');
    return asMistake('INVALID_CREDENTIALS', this.sessions.startBearer(account, room));
  }

  /** Ends the session of a credential, if it has one; in the credential's own tenant, whichever the request names. */
  async logout(credential: Credential | null): Promise<void> {
    if (!credential?.client_id || credential.actor.kind !== 'user') return;
    const { sid } = credential.actor;
    if (sid !== null) await Scope.runIn(credential.client_id, () => this.sessions.end(sid, 'logout'));
  }

  private findByName(name_key: string): Promise<Account | null> {
    // No username has an @.
    return name_key.includes('@') ? this.accounts.findByEmail(name_key) : this.accounts.findByUsername(name_key);
  }

  private check(account: Account | null, name_key: string, password: string): Promise<boolean> {
    return this.guesses.attempt(guessSubject(account, name_key), () => this.hasher.verify(account?.password_hash, password));
  }

  private async canEnter(user_id: string, room_id: string): Promise<boolean> {
    // A name that no room can have is as absent.
    if (!CLIENT_NAME.test(room_id)) return false;
    return this.rooms ? this.rooms.canEnter(user_id, room_id) : room_id === DEFAULT_ROOM_ID;
  }
}

/** What came between the check and the session (a new password, the account's end) is told as the door tells a mistake. */
async function asMistake<T>(code: ErrorCode, started: Promise<T>): Promise<T> {
  try {
    return await started;
  } catch (error) {
    throw error instanceof AppError && error.code === 'INVALID_CREDENTIALS' ? new AppError(code) : error;
  }
}
