import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import {
  Answers,
  clearSessionCookie,
  IgnoresBody,
  type KaiwaRequest,
  type KaiwaResponse,
  NoIdempotency,
  Public,
  setSessionCookie,
} from '../../platform/http/index.js';
import { MessageAnswerView } from '../users/index.js';
import { ChecksOrigin } from './checks-origin.decorator.js';
import { LoginDto, RefreshDto, TokenLoginDto } from './login.dto.js';
import { LoginService } from './login.service.js';
import { TokenPairView } from './login.view.js';
import { SessionService, type TokenPair } from './session.service.js';

/** Signing in and out. */
@ApiTags('Identity')
@Controller()
@Public()
export class LoginController {
  constructor(
    private readonly logins: LoginService,
    private readonly sessions: SessionService,
  ) {}

  /**
   * Sign in for the cookie
   *
   * Sets the cookie `token` (HttpOnly, SameSite=Lax), which lasts 7 days and is renewed by its use.
   */
  @Post('login')
  @NoIdempotency()
  @Answers(200, MessageAnswerView, {
    refuses: ['INCORRECT_PASSWORD', 'ACCOUNT_DISABLED', 'USER_NOT_FOUND'],
    headers: { 'Set-Cookie': 'The cookie `token`' },
    example: { message: 'Logged in' },
  })
  async login(
    @Body() body: LoginDto,
    @Req() request: KaiwaRequest,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<MessageAnswerView> {
    const { token } = await this.logins.loginByName(body.usernameOrEmail, body.password);
    setSessionCookie(response, request, token);
    return { message: 'Logged in' };
  }

  /**
   * Sign in for bearer tokens
   *
   * Answers an access token of 15 minutes and a refresh token of 30 days. An unknown email and a wrong password are answered alike.
   */
  @Post('auth/v1/login')
  @NoIdempotency()
  @Answers(200, TokenPairView, { refuses: ['INVALID_CREDENTIALS', 'ACCOUNT_DISABLED', 'ROOM_NOT_FOUND'] })
  async loginForTokens(@Body() body: TokenLoginDto): Promise<TokenPairView> {
    return toView(await this.logins.loginByEmail(body.email, body.password, body.room_id ?? null));
  }

  /**
   * Refresh a pair of tokens
   *
   * The refresh token is good for once. The one just before is honoured for 10 seconds, for a lost reply or a second tab; an older one ends
   * the whole session.
   */
  @Post('auth/v1/refresh')
  @NoIdempotency()
  @Answers(200, TokenPairView, { refuses: ['INVALID_REFRESH_TOKEN'] })
  async refreshTokens(@Body() body: RefreshDto): Promise<TokenPairView> {
    return toView(await this.sessions.refresh(body.refresh_token));
  }

  /**
   * Sign out
   *
   * Ends the session of the credential that comes along, on every node, and clears the cookie. Answers 200 also where there was no session.
   */
  @Post('logout')
  @Public({ tenant: 'none' })
  @NoIdempotency()
  @ChecksOrigin()
  @IgnoresBody()
  @Answers(200, MessageAnswerView, {
    refuses: ['ORIGIN_NOT_ALLOWED'],
    headers: { 'Set-Cookie': 'The cookie `token`, cleared' },
    example: { message: 'Logged out' },
  })
  async logout(@Req() request: KaiwaRequest, @Res({ passthrough: true }) response: KaiwaResponse): Promise<MessageAnswerView> {
    await this.logins.logout(request.credential);
    clearSessionCookie(response, request);
    return { message: 'Logged out' };
  }
}

function toView({ access_token, expires_in, refresh_token, room_id }: TokenPair): TokenPairView {
  return { access_token, token_type: 'Bearer', expires_in, refresh_token, room_id };
}
