import { Body, Controller, Delete, Get, Patch, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiTags, getSchemaPath } from '@nestjs/swagger';
import type { Page } from '../../platform/database/index.js';
import {
  Access,
  Answers,
  clearSessionCookie,
  CurrentActor,
  CurrentUser,
  IdParam,
  type KaiwaRequest,
  type KaiwaResponse,
} from '../../platform/http/index.js';
import type { Actor, UserActor } from '../../platform/scope/index.js';
import { ChangeAccountDto, IdsDto, PROFILE_EXAMPLES, ProfileDto, SearchUsersQuery, UsernamesDto } from './user.dto.js';
import { UserService } from './user.service.js';
import { MessageAnswerView, PublicUserView, toUserInfoView, toUserView, UserInfoView, UserView } from './user.view.js';

/** Admins see the whole profile, everybody else the public one. */
const EITHER = { anyOf: [{ $ref: getSchemaPath(UserView) }, { $ref: getSchemaPath(PublicUserView) }] };
const NAMES = { type: 'object', additionalProperties: { type: 'string' } };
const AN_ID = '019ac1f0-7b1e-7c3a-9d5e-0123456789ab';
const PUBLIC_USER: PublicUserView = {
  id: AN_ID,
  username: 'tanaka',
  name: '田中 太郎',
  type: 'company',
  university_id: null,
  company_id: '019ac1f0-7b1e-7c3a-9d5e-0123456789ac',
  job_id: '019ac000-0000-7000-8000-000000000001',
  department_id: null,
  position: '課長',
  is_authenticated: false,
};

@ApiTags('Users')
@ApiExtraModels(UserView, PublicUserView)
@Controller()
export class UserController {
  constructor(private readonly users: UserService) {}

  /** Show who the caller is. */
  @Get('getUserInfo')
  @Access('member')
  @Answers(200, UserInfoView)
  async getUserInfo(@CurrentUser() user: UserActor): Promise<UserInfoView> {
    return toUserInfoView(await this.users.getSelf(user));
  }

  /** Show one's own whole profile. */
  @Get('users/me')
  @Access('member')
  @Answers(200, UserView)
  async getMyProfile(@CurrentUser() user: UserActor): Promise<UserView> {
    return toUserView(await this.users.getSelf(user));
  }

  /** Change one's own profile. Only the fields that are named change; null clears one. Another type or affiliation takes `is_authenticated` back. */
  @Put('users/me')
  @Access('member')
  @ApiBody({ type: ProfileDto, examples: PROFILE_EXAMPLES })
  @Answers(200, UserView, { refuses: ['TYPE_HELD'] })
  async changeMyProfile(@CurrentUser() user: UserActor, @Body() body: ProfileDto): Promise<UserView> {
    return toUserView(await this.users.changeSelf(user, body));
  }

  /** Find people by every public field and by words, by username. Admins get the whole profiles. */
  @Get('users')
  @Access('member', { scope: 'users' })
  @Answers(200, { type: 'array', items: EITHER }, { refuses: ['INVALID_CURSOR'], example: [PUBLIC_USER] })
  searchUsers(@CurrentActor() actor: Actor, @Query() query: SearchUsersQuery): Promise<Page<PublicUserView | UserView>> {
    return this.users.search(actor, query);
  }

  /** Show somebody's profile. It is the public one, or the whole one for admins. */
  @Get('users/:id')
  @Access('member', { scope: 'users' })
  @Answers(200, EITHER, { refuses: ['USER_NOT_FOUND'], example: PUBLIC_USER })
  getUser(@CurrentActor() actor: Actor, @IdParam('id', 'USER_NOT_FOUND') id: string): Promise<PublicUserView | UserView> {
    return this.users.get(actor, id);
  }

  /** Change somebody's role, or shut or open their account. It takes hold everywhere within a second. */
  @Patch('users/:id')
  @Access('admin', { scope: 'users' })
  @Answers(200, UserView, { refuses: ['USER_NOT_FOUND', 'LAST_OWNER'] })
  async changeAccount(
    @CurrentActor() actor: Actor,
    @IdParam('id', 'USER_NOT_FOUND') id: string,
    @Body() body: ChangeAccountDto,
  ): Promise<UserView> {
    return toUserView(await this.users.changeAccount(actor, id, body));
  }

  /** Turn usernames into ids. Nobody's name gives `no match`. */
  @Post('usernamesToIds')
  @Access('member', { scope: 'users' })
  @Answers(200, NAMES, { example: { tanaka: AN_ID, nobody: 'no match' } })
  usernamesToIds(@CurrentActor() actor: Actor, @Body() body: UsernamesDto): Promise<Record<string, string>> {
    return this.users.usernamesToIds(actor, body.usernames);
  }

  /** Turn ids into usernames. Nobody's id gives `no match`. */
  @Post('idsToUsernames')
  @Access('member', { scope: 'users' })
  @Answers(200, NAMES, { example: { [AN_ID]: 'tanaka', 'no-id': 'no match' } })
  idsToUsernames(@CurrentActor() actor: Actor, @Body() body: IdsDto): Promise<Record<string, string>> {
    return this.users.idsToUsernames(actor, body.ids);
  }

  /** Delete one's own account with all pages that it made. Messages stay for the others, without the name. */
  @Delete('user')
  @Access('member')
  @Answers(200, MessageAnswerView, { refuses: ['USER_NOT_FOUND', 'LAST_OWNER'], headers: { 'Set-Cookie': 'The cookie `token`, cleared' } })
  async deleteMyAccount(
    @CurrentUser() user: UserActor,
    @Req() request: KaiwaRequest,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<MessageAnswerView> {
    await this.users.deleteSelf(user);
    clearSessionCookie(response, request);
    return { message: 'User deleted' };
  }
}
