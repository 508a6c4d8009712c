import { Column, Entity } from 'typeorm';
import { IdentifiedEntity } from '../../../platform/database/index.js';

/** Who called whom: a caller us, we a caller, one user another, or nobody at all: turns that came as text. */
export const DIRECTIONS = ['inbound', 'outbound', 'internal', 'text'] as const;
export type Direction = (typeof DIRECTIONS)[number];

export const CALL_STATUSES = ['ringing', 'in_progress', 'completed', 'missed', 'declined', 'failed'] as const;
export type CallStatus = (typeof CALL_STATUSES)[number];

/** The statuses of a call that is not over. */
export const OPEN_STATUSES = ['ringing', 'in_progress'] as const satisfies readonly CallStatus[];

/** True while the call is not over. */
export function isOpen(status: CallStatus): boolean {
  return (OPEN_STATUSES as readonly CallStatus[]).includes(status);
}

export const TOOL_CALL_STATUSES = ['done', 'pending', 'failed'] as const;

/** A tool that the model asked for in a turn. */
export interface ToolCall {
  id: string;
  name: string;
  arguments: unknown;
  status: (typeof TOOL_CALL_STATUSES)[number];
  result?: unknown;
}

/** What was said in one turn of a call. */
export interface Turn {
  call_id: string;
  /** 1, 2, 3 … within its call. */
  turn: number;
  /** RFC 3339, UTC, milliseconds. */
  ts: string;
  user_text: string | null;
  ai_text: string | null;
  tool_calls: ToolCall[];
}

/** A call, by phone, between users, or by text alone. */
@Entity('calls')
export class Call extends IdentifiedEntity {
  /** The telephone provider's name for it. */
  @Column('text', { nullable: true })
  call_sid: string | null;

  /** The other side's number as it came; null between users. */
  @Column('text', { nullable: true })
  phone_number: string | null;

  /** The number as numbers are compared; null between users. */
  @Column('text', { nullable: true })
  phone_key: string | null;

  @Column('text')
  direction: Direction;

  @Column('text')
  status: CallStatus;

  @Column({ type: 'timestamptz', precision: 3 })
  started_at: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  ended_at: Date | null;

  /** Null where it follows from start and end. */
  @Column('integer', { nullable: true })
  duration_seconds: number | null;

  /** When something last happened in it. */
  @Column({ type: 'timestamptz', precision: 3 })
  active_at: Date;

  /** The number of its newest turn; taken by row lock, so that turns have no gap. */
  @Column('integer')
  turn_count: number;

  @Column('text', { nullable: true })
  summary: string | null;

  @Column('text', { nullable: true })
  outcome: string | null;

  @Column('text', { nullable: true })
  recording_sid: string | null;

  @Column('text', { nullable: true })
  transcript: string | null;

  @Column('jsonb')
  metadata: Record<string, unknown>;

  /** True where the telephone provider itself has told of it, by a signed request. */
  @Column('boolean')
  is_signed: boolean;

  @Column('uuid', { nullable: true })
  caller_id: string | null;

  @Column('uuid', { nullable: true })
  callee_id: string | null;

  @Column('text', { nullable: true })
  media: 'audio' | 'video' | null;
}
