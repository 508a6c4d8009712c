import { Body, Controller, Get, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiTags } from '@nestjs/swagger';
import type { WrittenPage } from '../../../platform/database/index.js';
import { Access, Answers, CurrentActor, type KaiwaRequest, type KaiwaResponse, NoIdempotencyWhen } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { ChatDoor, wantsEvents } from './chat.door.js';
import { ChatDto, ChatLogQuery } from './chat.dto.js';
import { ChatService } from './chat.service.js';
import { ChatLogView, ChatView } from './chat.view.js';

const EVENTS = `event: delta
data: {"text":"ご予約を"}

event: delta
data: {"text":"承りました。"}

event: done
data: {"reply":"ご予約を承りました。","call_id":"019ac1f0-7b1e-7c3a-9d5e-0123456789ab","turn":3,"tool_calls":[],"usage":{"prompt_tokens":412,"completion_tokens":38,"total_tokens":450},"provider":"openai"}

`;

const BODIES = {
  turn: { summary: 'A turn', value: { phone_number: '09012345678', user_text: '予約したいです' } },
  results: {
    summary: 'What a function answered that the turn before waits for',
    value: { call_id: '019ac1f0-7b1e-7c3a-9d5e-0123456789ab', tool_results: [{ id: 'call_7Qd2', content: '{"free":true}' }] },
  },
};

@ApiTags('Assistant')
@Controller()
export class ChatController {
  constructor(
    private readonly door: ChatDoor,
    private readonly chats: ChatService,
  ) {}

  /**
   * Say something to the assistant, and get its answer. The turn belongs to the call that is named, else to this number's open one, else to a new
   * one; what is said is kept also where no answer comes of it. A call is answered one turn at a time: a turn that comes while another is being
   * answered waits up to ten seconds (409 `CALL_BUSY` after that, or where four wait already).
   *
   * Functions of the func-config come back in `tool_calls` with `status: "pending"`; the caller runs them, and goes on with `{call_id, tool_results}`, which
   * may be sent again where the answer to it failed.
   * A turn takes 30 seconds and 8 rounds of tools at most.
   *
   * With `stream: true` or `Accept: text/event-stream` the answer comes as server-sent events: `delta` `{text}` for each piece of text, `tool_call` and
   * `tool_result` for each tool, then `done` with the JSON answer, or `error` with the body of the error. Lines that begin with a colon keep the
   * connection alive. A client that goes away ends what is asked of the model too. `Idempotency-Key` is refused for streams.
   */
  @Post('chat')
  @Access('staff', { scope: 'phone' })
  @NoIdempotencyWhen(wantsEvents)
  @ApiBody({ type: ChatDto, examples: BODIES })
  @Answers(200, ChatView, {
    or: { content_type: 'text/event-stream', schema: { type: 'string' }, example: EVENTS },
    refuses: [
      'CALL_NOT_FOUND',
      'CALL_BUSY',
      'TOO_MANY_TURNS',
      'MODEL_REFUSED',
      'MODEL_FAILED',
      'MODEL_BUSY',
      'MODEL_TIMEOUT',
      'SHUTTING_DOWN',
    ],
  })
  chat(
    @CurrentActor() actor: Actor,
    @Body() body: ChatDto,
    @Req() request: KaiwaRequest,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<ChatView | undefined> {
    return this.door.answer(actor, body, request, response);
  }

  /** Show what the assistant did, newest first. One row for each execution, with how long it took, what it cost and what went wrong. */
  @Get('chat-logs')
  @Access('staff', { scope: 'phone' })
  @Answers(200, [ChatLogView], { refuses: ['INVALID_CURSOR'] })
  listChatLogs(@CurrentActor() actor: Actor, @Query() query: ChatLogQuery): Promise<WrittenPage> {
    return this.chats.listLogs(actor, query);
  }
}
