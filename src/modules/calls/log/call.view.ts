import { ApiProperty } from '@nestjs/swagger';
import { CALL_STATUSES, type CallStatus, type Direction, DIRECTIONS, TOOL_CALL_STATUSES } from './call.entity.js';

/** A tool that was asked for in a turn. */
export class ToolCallView {
  /**
   * Its id, as the model gave it
   * @example 'call_1'
   */
  id: string;

  /**
   * The tool
   * @example 'create_task'
   */
  name: string;

  /** What it was asked */
  @ApiProperty({ example: { name: '田中_20241201_1000', request: 'カット' } })
  arguments: unknown;

  /** What became of it */
  @ApiProperty({ enum: TOOL_CALL_STATUSES, enumName: 'ToolCallStatus', example: 'done' })
  status: (typeof TOOL_CALL_STATUSES)[number];

  /** What it answered */
  @ApiProperty({ required: false, example: { ok: true } })
  result?: unknown;
}

/** What was said in one turn. */
export class CallTurnView {
  /**
   * When
   * @example '2026-11-20T09:00:01.250Z'
   */
  @ApiProperty({ format: 'date-time' })
  ts: string;

  /** What the caller said */
  @ApiProperty({ type: String, nullable: true, example: '予約したいです' })
  user_text: string | null;

  /** What was answered */
  @ApiProperty({ type: String, nullable: true, example: 'いつがよろしいですか' })
  ai_text: string | null;

  /** The tools that were asked for */
  @ApiProperty({ type: () => [ToolCallView], example: [] })
  tool_calls: ToolCallView[];
}

/** A call. */
export class CallView {
  /**
   * Its id
   * @example '0199a6f0-5d5c-7c3a-9b1e-0f4d7c2a9e10'
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /** The telephone provider's name for it */
  @ApiProperty({ type: String, nullable: true, example: 'CA0123456789abcdef0123456789abcdef' })
  call_sid: string | null;

  /** The other side's number as it came; null between users */
  @ApiProperty({ type: String, nullable: true, example: '090-1234-5678' })
  phone_number: string | null;

  /** Who called whom */
  @ApiProperty({ enum: DIRECTIONS, enumName: 'CallDirection', example: 'inbound' })
  direction: Direction;

  /** Where it stands */
  @ApiProperty({ enum: CALL_STATUSES, enumName: 'CallStatus', example: 'completed' })
  status: CallStatus;

  /**
   * When it began
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  started_at: string;

  /** When it ended; null while it is open */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-11-20T09:02:30.000Z' })
  ended_at: string | null;

  /** How long it took; null while it is open */
  @ApiProperty({ type: 'integer', nullable: true, example: 150 })
  duration_seconds: number | null;

  /** What was said, oldest first; a list shows the last 100 turns of each call */
  @ApiProperty({ type: () => [CallTurnView] })
  turns: CallTurnView[];

  /** What it was about */
  @ApiProperty({ type: String, nullable: true, example: 'カットの予約' })
  summary: string | null;

  /** What came of it: `reserved`, `answered`, `callback`, `none` */
  @ApiProperty({ type: String, nullable: true, example: 'reserved' })
  outcome: string | null;

  /** Its recording */
  @ApiProperty({ type: String, nullable: true, example: 'RE0123456789abcdef0123456789abcdef' })
  recording_sid: string | null;

  /** The text of its recording, once it is made */
  @ApiProperty({ type: String, nullable: true, example: 'お電話ありがとうございます' })
  transcript: string | null;

  /** Whatever else was kept */
  @ApiProperty({ type: 'object', additionalProperties: true, example: { store: '渋谷' } })
  metadata: Record<string, unknown>;
}

/** A number that called or was called. */
export class PhoneView {
  /**
   * The number, as it came last
   * @example '090-1234-5678'
   */
  phone_number: string;

  /**
   * How many calls it has
   * @example 3
   */
  @ApiProperty({ type: 'integer' })
  calls: number;

  /**
   * When the last one began
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  last_call_at: string;
}

/** What was done. */
export class CallDeletedView {
  /**
   * In words
   * @example 'Call deleted'
   */
  message: string;
}
