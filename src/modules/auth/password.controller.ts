import { Body, Controller, Post, Put } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Answers, CurrentUser, NoIdempotency, Public } from '../../platform/http/index.js';
import type { UserActor } from '../../platform/scope/index.js';
import { MessageAnswerView } from '../users/index.js';
import { ChangePasswordDto, ConfirmResetDto, RequestResetDto } from './password.dto.js';
import { PasswordService } from './password.service.js';

/** One's own password. */
@ApiTags('Identity')
@Controller()
export class PasswordController {
  constructor(private readonly passwords: PasswordService) {}

  /**
   * Change one's password
   *
   * Needs the current one. All other sessions of the user end, on every node.
   */
  @Put('user/password')
  @Access('member')
  @Answers(200, MessageAnswerView, { refuses: ['INCORRECT_PASSWORD'], example: { message: 'Password changed' } })
  async changePassword(@CurrentUser() user: UserActor, @Body() body: ChangePasswordDto): Promise<MessageAnswerView> {
    await this.passwords.change(user, body.current_password, body.new_password);
    return { message: 'Password changed' };
  }

  /**
   * Ask for a password reset
   *
   * Answers 202 whether or not there is such an account. If there is one, a token goes to its email; it is good for one hour, and once.
   */
  @Post('auth/v1/password-reset')
  @Public()
  @NoIdempotency()
  @Answers(202, MessageAnswerView, { example: { message: 'If there is such an account, a mail is on its way' } })
  async requestPasswordReset(@Body() body: RequestResetDto): Promise<MessageAnswerView> {
    await this.passwords.requestReset(body.email);
    return { message: 'If there is such an account, a mail is on its way' };
  }

  /**
   * Set a new password by a mailed token
   *
   * All sessions of the user end.
   */
  @Post('auth/v1/password-reset/confirm')
  @Public()
  @NoIdempotency()
  @Answers(200, MessageAnswerView, { refuses: ['INVALID_TOKEN'], example: { message: 'Password changed' } })
  async confirmPasswordReset(@Body() body: ConfirmResetDto): Promise<MessageAnswerView> {
    await this.passwords.confirmReset(body.token, body.new_password);
    return { message: 'Password changed' };
  }
}
