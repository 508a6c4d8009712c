import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, Answers, CurrentUser } from '../../../platform/http/index.js';
import type { UserActor } from '../../../platform/scope/index.js';
import { ListDirectMessagesQuery, PostDirectMessageDto } from './direct-message.dto.js';
import { DirectMessageService } from './direct-message.service.js';
import { DirectMessageView } from './direct-message.view.js';

@ApiTags('Matching')
@Controller('messages')
export class DirectMessageController {
  constructor(private readonly messages: DirectMessageService) {}

  /** List what the two of a matching have written to each other, newest first. */
  @Get()
  @Access('member')
  @Answers(200, [DirectMessageView], {
    refuses: ['MATCHING_NOT_FOUND', 'INVALID_CURSOR'],
    headers: { Link: 'The next page, where there is one' },
  })
  listDirectMessages(@CurrentUser() user: UserActor, @Query() query: ListDirectMessagesQuery): Promise<Page<DirectMessageView>> {
    return this.messages.list(user, query);
  }

  /** Write to the other of a matching, who is told. It lives for 30 days, unless the tenant sets another time. */
  @Post()
  @Access('member')
  @Answers(201, DirectMessageView, { refuses: ['MATCHING_NOT_FOUND'] })
  postDirectMessage(@CurrentUser() user: UserActor, @Body() body: PostDirectMessageDto): Promise<DirectMessageView> {
    return this.messages.post(user, body);
  }
}
