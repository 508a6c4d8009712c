import { IsFlag, IsIdField, IsOneOf, IsText, IsTimestamp, Nested, PageQuery } from '../../../platform/http/index.js';
import { CHAT_STATUSES, type ChatStatus } from './chat-log.repository.js';
import { IsPhoneNumber } from '../../tenancy/index.js';

/** The longest thing that a caller says in one turn, in characters. */
export const MAX_USER_TEXT = 8_000;
/** The longest result of a tool that the caller ran. */
const MAX_TOOL_RESULT = 16_000;
/** As many as one turn can call. */
const MAX_TOOL_RESULTS = 56;

/** What a tool answered that the caller ran. */
export class ToolResultDto {
  @IsText({ min: 1, max: 64, description: 'The id of the call, as `tool_calls` had it', example: 'call_7Qd2' })
  id: string;

  @IsText({ min: 0, max: MAX_TOOL_RESULT, description: 'The result, as text or JSON', example: '{"free": true}' })
  content: string;
}

/** What a caller says; or, with `tool_results`, what the tools answered that the turn before waits for. */
export class ChatDto {
  @IsPhoneNumber({
    optional: true,
    description: "The caller's number, however it is written. Needed with `user_text` unless a call is named",
  })
  phone_number?: string | null;

  @IsText({ min: 1, max: MAX_USER_TEXT, optional: true, description: 'What the caller says', example: '予約したいです' })
  user_text?: string | null;

  @IsText({
    min: 1,
    max: 64,
    optional: true,
    description: "The telephone provider's name of the call; a call that is not in the log yet is put there",
    example: 'CA0123456789abcdef0123456789abcdef',
  })
  call_sid?: string | null;

  @IsIdField({ optional: true, description: "The call; else this number's open one, else a new one" })
  call_id?: string | null;

  @IsFlag({ optional: true, description: 'Answers as server-sent events', example: false })
  stream?: boolean | null;

  @Nested(() => ToolResultDto, {
    each: true,
    max_items: MAX_TOOL_RESULTS,
    optional: true,
    description: 'In place of `user_text`: the results of all pending calls of the last turn; needs `call_id`',
  })
  tool_results?: ToolResultDto[] | null;
}

/** Which executions. */
export class ChatLogQuery extends PageQuery {
  @IsTimestamp({ optional: true, description: 'Not before this time' })
  from?: string;

  @IsTimestamp({ optional: true, description: 'Before this time' })
  to?: string;

  @IsText({ min: 1, max: 40, optional: true, description: 'Those of this number, however it is written', example: '09012345678' })
  phone?: string;

  @IsOneOf(CHAT_STATUSES, { optional: true, description: 'Those that ended so' })
  status?: ChatStatus;
}
