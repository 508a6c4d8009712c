import { IsIntField, IsJsonField, IsOneOf, IsText, IsTimestamp, Nested, PageQuery } from '../../../platform/http/index.js';
import { IsPhoneNumber } from '../../tenancy/index.js';
import { CALL_STATUSES, type CallStatus, type Direction, DIRECTIONS, TOOL_CALL_STATUSES, type ToolCall } from './call.entity.js';

const PHONE_DIRECTIONS = ['inbound', 'outbound', 'text'] as const satisfies readonly Direction[];
const MAX_TEXT = 20_000;
const MAX_JSON = 64 * 1024;
const MAX_TURNS = 1_000;
const MAX_SECONDS = 10_000_000;

const SID = { expression: /^[!-~]+$/, message: 'must be 1 to 64 visible ASCII characters' };

/** Which calls. */
export class ListCallsQuery extends PageQuery {
  @IsText({ min: 1, max: 40, optional: true, description: 'Of this number, however it is spelt', example: '090-1234-5678' })
  phone?: string;

  @IsTimestamp({ optional: true, description: 'Begun not before this time' })
  from?: string;

  @IsTimestamp({ optional: true, description: 'Begun before this time' })
  to?: string;

  @IsOneOf(CALL_STATUSES, { optional: true, description: 'In this status', example: 'completed' })
  status?: CallStatus;

  @IsOneOf(DIRECTIONS, { optional: true, description: 'In this direction' })
  direction?: Direction;

  @IsText({
    min: 1,
    max: 200,
    optional: true,
    trim: true,
    description: 'With these words in what was said, its summary, outcome or transcript',
    example: '予約',
  })
  q?: string;
}

/** Which call: by `id`, by `call_sid`, or by `phone` and `ts`. */
export class CallQuery {
  @IsText({ min: 1, max: 64, optional: true, description: 'Its id', example: '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10' })
  id?: string;

  @IsText({
    min: 1,
    max: 64,
    optional: true,
    description: "The telephone provider's name for it",
    example: 'CA0123456789abcdef0123456789abcdef',
  })
  call_sid?: string;

  @IsText({ min: 1, max: 40, optional: true, description: 'Its number, with `ts`', example: '09012345678' })
  phone?: string;

  @IsTimestamp({ optional: true, description: 'When it began, with `phone`' })
  ts?: string;
}

/** A tool that was asked for in a turn. */
export class ToolCallDto implements ToolCall {
  @IsText({ min: 1, max: 200, description: 'Its id, as the model gave it', example: 'call_1' })
  id: string;

  @IsText({ min: 1, max: 64, description: 'The tool', example: 'create_task' })
  name: string;

  @IsJsonField({ max_bytes: MAX_JSON, description: 'What it was asked', example: { name: '田中_20241201_1000', request: 'カット' } })
  arguments: unknown;

  @IsOneOf(TOOL_CALL_STATUSES, { enum_name: 'ToolCallStatus', description: 'What became of it' })
  status: (typeof TOOL_CALL_STATUSES)[number];

  @IsJsonField({ max_bytes: MAX_JSON, optional: true, description: 'What it answered', example: { ok: true } })
  result?: unknown;
}

/** What was said in one turn. */
export class CallTurnDto {
  @IsTimestamp({ optional: true, description: 'When; now where nothing is given' })
  ts?: string | null;

  @IsText({ min: 0, max: MAX_TEXT, optional: true, description: 'What the caller said', example: '予約したいです' })
  user_text?: string | null;

  @IsText({ min: 0, max: MAX_TEXT, optional: true, description: 'What was answered', example: 'いつがよろしいですか' })
  ai_text?: string | null;

  @Nested(() => ToolCallDto, { each: true, max_items: 50, optional: true, description: 'The tools that were asked for' })
  tool_calls?: ToolCallDto[] | null;
}

const NUMBER = { description: "The other side's number, as it is to be shown", example: '090-1234-5678' };

/** What may be written of a call besides its number; a field that is left out stays as it is. */
class CallFieldsDto {
  @IsText({
    min: 1,
    max: 64,
    pattern: SID,
    optional: true,
    description: "The telephone provider's name for it",
    example: 'CA0123456789abcdef0123456789abcdef',
  })
  call_sid?: string | null;

  @IsOneOf(PHONE_DIRECTIONS, { optional: true, enum_name: 'PhoneDirection', description: 'Who called; `inbound` for a new one' })
  direction?: (typeof PHONE_DIRECTIONS)[number] | null;

  @IsOneOf(CALL_STATUSES, {
    optional: true,
    enum_name: 'CallStatus',
    description: 'A new one is `in_progress`, or `completed` where it says when it ended or how long it took',
    example: 'completed',
  })
  status?: CallStatus | null;

  @IsTimestamp({ optional: true, description: 'When it began; now for a new one' })
  started_at?: string | null;

  @IsTimestamp({ optional: true, description: 'When it ended' })
  ended_at?: string | null;

  @IsIntField({ min: 0, max: MAX_SECONDS, optional: true, description: 'How long it took; follows from its ends where nothing is given' })
  duration_seconds?: number | null;

  @Nested(() => CallTurnDto, { each: true, max_items: MAX_TURNS, optional: true, description: 'What was said, in place of all turns' })
  turns?: CallTurnDto[] | null;

  @IsText({ min: 0, max: MAX_TEXT, optional: true, description: 'What it was about', example: 'カットの予約' })
  summary?: string | null;

  @IsText({
    min: 1,
    max: 100,
    optional: true,
    description: 'What came of it: `reserved`, `answered`, `callback`, `none`',
    example: 'reserved',
  })
  outcome?: string | null;

  @IsText({
    min: 1,
    max: 64,
    pattern: SID,
    optional: true,
    description: 'Its recording',
    example: 'RE0123456789abcdef0123456789abcdef',
  })
  recording_sid?: string | null;

  @IsText({ min: 0, max: 200_000, optional: true, description: 'The text of its recording', example: 'お電話ありがとうございます' })
  transcript?: string | null;

  @IsJsonField({
    object: true,
    max_bytes: MAX_JSON,
    optional: true,
    description: 'Whatever else is to be kept',
    example: { store: '渋谷' },
  })
  metadata?: Record<string, unknown> | null;
}

/** What may be changed of a call. */
export class ChangeCallDto extends CallFieldsDto {
  @IsPhoneNumber({ ...NUMBER, optional: true })
  phone_number?: string | null;
}

/** A new call. */
export class CreateCallDto extends CallFieldsDto {
  @IsPhoneNumber(NUMBER)
  phone_number: string;
}
