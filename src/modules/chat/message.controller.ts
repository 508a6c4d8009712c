import { Body, Controller, Delete, Get, Param, Patch, Post, Put, Query, Req, Res } from '@nestjs/common';
import { ApiParam, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import type { WrittenPage } from '../../platform/database/index.js';
import { Access, Answers, CurrentActor, NameParam, RawJson, setNextLink } from '../../platform/http/index.js';
import type { Actor } from '../../platform/scope/index.js';
import { EditMessageDto, HistoryQuery, PostMessageDto, SearchMessagesQuery } from './message.dto.js';
import { MessageSearch } from './message-search.js';
import { MessageService } from './message.service.js';
import { MessageView } from './message.view.js';
import { SeqParam } from './seq-param.decorator.js';

@Controller()
@ApiTags('Messages')
export class MessageController {
  constructor(
    private readonly messages: MessageService,
    private readonly finder: MessageSearch,
  ) {}

  /** Show a room's history. Newest first, or oldest first after `after_seq`. */
  @Get('rooms/:id/messages')
  @Access('member', { scope: 'rooms' })
  @Answers(200, [MessageView], { refuses: ['ROOM_NOT_FOUND'], headers: { Link: 'The next page, where there is one' } })
  async listMessages(
    @CurrentActor() actor: Actor,
    @NameParam('id', 'ROOM_NOT_FOUND') id: string,
    @Query() query: HistoryQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<RawJson> {
    const page = await this.messages.history(actor, id, query);
    if (page.next) setNextLink(response, request, page.next);
    return new RawJson(page.json);
  }

  /** Post a message. Everyone in the room is told. The same sender's `client_message_id` again answers 200 and the first message. */
  @Post('rooms/:id/messages')
  @Access('member', { scope: 'rooms' })
  @Answers(201, MessageView, { refuses: ['ROOM_NOT_FOUND', 'USER_NOT_FOUND', 'NOT_YOURSELF', 'UNKNOWN_FILE'] })
  @Answers(200, MessageView, { description: 'It was sent before: the first message' })
  async postMessage(
    @CurrentActor() actor: Actor,
    @NameParam('id', 'ROOM_NOT_FOUND') id: string,
    @Body() body: PostMessageDto,
  ): Promise<RawJson> {
    const { message, created } = await this.messages.post(actor, id, body);
    return new RawJson(JSON.stringify(message), created ? 201 : 200);
  }

  /** Change one's own message. */
  @Patch('rooms/:id/messages/:seq')
  @Access('member', { scope: 'rooms' })
  @Answers(200, MessageView, { refuses: ['ROOM_NOT_FOUND', 'MESSAGE_NOT_FOUND', 'FORBIDDEN', 'MESSAGE_DELETED'] })
  editMessage(
    @CurrentActor() actor: Actor,
    @NameParam('id', 'ROOM_NOT_FOUND') id: string,
    @SeqParam() seq: number,
    @Body() body: EditMessageDto,
  ): Promise<MessageView> {
    return this.messages.edit(actor, id, seq, body.content);
  }

  /** Delete a message. By its author or a room admin; it keeps its place as a tombstone, which is the answer. */
  @Delete('rooms/:id/messages/:seq')
  @Access('member', { scope: 'rooms' })
  @Answers(200, MessageView, { refuses: ['ROOM_NOT_FOUND', 'MESSAGE_NOT_FOUND', 'FORBIDDEN'] })
  deleteMessage(
    @CurrentActor() actor: Actor,
    @NameParam('id', 'ROOM_NOT_FOUND') id: string,
    @SeqParam() seq: number,
  ): Promise<MessageView> {
    return this.messages.remove(actor, id, seq);
  }

  /** Put an emoji under a message. Again changes nothing. */
  @Put('rooms/:id/messages/:seq/reactions/:emoji')
  @Access('member')
  @ApiParam({
    name: 'emoji',
    description: 'One emoji, percent-encoded',
    schema: { type: 'string', minLength: 1, maxLength: 32, example: '👍' },
  })
  @Answers(200, MessageView, { refuses: ['ROOM_NOT_FOUND', 'MESSAGE_NOT_FOUND', 'MESSAGE_DELETED'] })
  addReaction(
    @CurrentActor() actor: Actor,
    @NameParam('id', 'ROOM_NOT_FOUND') id: string,
    @SeqParam() seq: number,
    @Param('emoji') emoji: string,
  ): Promise<MessageView> {
    return this.messages.react(actor, id, seq, emoji, false);
  }

  /** Take the caller's emoji away. Where there is none, nothing changes. */
  @Delete('rooms/:id/messages/:seq/reactions/:emoji')
  @Access('member')
  @ApiParam({
    name: 'emoji',
    description: 'One emoji, percent-encoded',
    schema: { type: 'string', minLength: 1, maxLength: 32, example: '👍' },
  })
  @Answers(200, MessageView, { refuses: ['ROOM_NOT_FOUND', 'MESSAGE_NOT_FOUND', 'MESSAGE_DELETED'] })
  removeReaction(
    @CurrentActor() actor: Actor,
    @NameParam('id', 'ROOM_NOT_FOUND') id: string,
    @SeqParam() seq: number,
    @Param('emoji') emoji: string,
  ): Promise<MessageView> {
    return this.messages.react(actor, id, seq, emoji, true);
  }

  /** Find messages by any 2 characters or more, newest first. It looks in all rooms that the caller may read. */
  @Get('messages/search')
  @Access('member', { scope: 'rooms' })
  @Answers(200, [MessageView], { refuses: ['ROOM_NOT_FOUND', 'INVALID_CURSOR'], headers: { Link: 'The next page, where there is one' } })
  searchMessages(@CurrentActor() actor: Actor, @Query() query: SearchMessagesQuery): Promise<WrittenPage> {
    return this.finder.search(actor, query);
  }
}
