import { Body, Controller, Post } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import { Answers, CountedAs, CurrentActor, Public } from '../../platform/http/index.js';
import type { ErrorCode } from '../../platform/errors/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { RegistrationService } from './registration.service.js';
import { CreateUserDto, NEW_USER_EXAMPLES, RegisterByEmailDto, RegisterDto } from './user.dto.js';
import { RegisteredView, toUserInfoView, toUserView, UserInfoView, UserView } from './user.view.js';

const REFUSES: ErrorCode[] = ['USERNAME_TAKEN', 'EMAIL_TAKEN', 'REGISTRATION_CLOSED', 'INVITATION_REQUIRED', 'INVITATION_INVALID'];

/** The three doors of one registration. */
@ApiTags('Users')
@Controller()
export class RegistrationController {
  constructor(private readonly registrations: RegistrationService) {}

  /** Register by username, email and password. Needs an invitation where the tenant's registration is `invite`. */
  @Post('register')
  @Public()
  @CountedAs('registration')
  @Answers(201, RegisteredView, { refuses: REFUSES })
  async register(@CurrentActor() actor: Actor | null, @Body() body: RegisterDto): Promise<RegisteredView> {
    const { id } = await this.registrations.register(actor, body);
    return { id };
  }

  /** Register by email and password. The username is made from the email where none is given. */
  @Post('auth/v1/register')
  @Public()
  @CountedAs('registration')
  @Answers(201, UserInfoView, { refuses: REFUSES })
  async registerByEmail(@CurrentActor() actor: Actor | null, @Body() body: RegisterByEmailDto): Promise<UserInfoView> {
    return toUserInfoView(await this.registrations.register(actor, body));
  }

  /** Register with a profile. Fields that the server owns (`role`, `is_authenticated`, `notifications`, `certificate_id`) are refused with 400. */
  @Post('users')
  @Public()
  @CountedAs('registration')
  @ApiBody({ type: CreateUserDto, examples: NEW_USER_EXAMPLES })
  @Answers(201, UserView, { refuses: REFUSES })
  async createUser(@CurrentActor() actor: Actor | null, @Body() body: CreateUserDto): Promise<UserView> {
    return toUserView(await this.registrations.register(actor, body));
  }
}
