import { Injectable } from '@nestjs/common';
import type { WrittenPage } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { CallLog, PhoneNumbers } from '../../calls/index.js';
import { assertAi } from '../ai.policy.js';
import { ChatLogRepository } from './chat-log.repository.js';
import type { ChatDto, ChatLogQuery } from './chat.dto.js';
import type { ChatView } from './chat.view.js';
import type { LoopListener } from './tool-loop.js';
import { type OpenTurn, Turns } from './turns.js';

/** Conversations with the assistant, by text: `POST /chat`. */
@Injectable()
export class ChatService {
  constructor(
    private readonly calls: CallLog,
    private readonly numbers: PhoneNumbers,
    private readonly turns: Turns,
    private readonly executions: ChatLogRepository,
  ) {}

  /**
   * Stores what the caller says, or what tools answered that the last turn waits for. Whoever calls this calls {@link answer} next.
   *
   * @throws FORBIDDEN, VALIDATION_FAILED, CALL_NOT_FOUND, CALL_BUSY, TOO_MANY_TURNS, OVERLOADED
   */
  async begin(actor: Actor, body: ChatDto, signal: AbortSignal): Promise<OpenTurn> {
    assertAi(actor, 'chat.use');
    const { phone_number, user_text, call_id, call_sid, tool_results } = body;
    if (tool_results != null) {
      if (user_text != null) throw AppError.field('user_text', 'cannot be given together with tool_results');
      if (call_id == null && call_sid == null) throw AppError.field('call_id', 'is required with tool_results');
      return this.turns.resume(await this.calls.place({ call_id, call_sid }), tool_results, signal);
    }
    if (user_text == null || (phone_number == null && call_id == null && call_sid == null)) throw missingOf(body);
    // A sid is the telephone provider's: there is such a call, whether or not the log has heard of it.
    const is_named_by_sid = phone_number != null && call_sid != null && call_id == null;
    const place = await this.calls.place({ phone_number, call_id, call_sid, ...(is_named_by_sid ? { direction: 'inbound' } : {}) });
    return this.turns.begin(place, user_text, signal);
  }

  /** Answers a turn that was begun. Where the signal is aborted, what is asked upstream ends too. @throws MODEL_… where the model fails */
  async answer(actor: Actor, open: OpenTurn, signal: AbortSignal, listener?: LoopListener): Promise<ChatView> {
    assertAi(actor, 'chat.use');
    return (await this.turns.answer(open, { actor, signal, listener })).view;
  }

  /** A page of executions, newest first. @throws FORBIDDEN, INVALID_CURSOR, VALIDATION_FAILED for a phone number that is none */
  async listLogs(actor: Actor, query: ChatLogQuery): Promise<WrittenPage> {
    assertAi(actor, 'chat_logs.read');
    const { phone, from, to, status } = query;
    const phone_key = phone === undefined ? undefined : await this.numbers.key(phone, 'phone');
    return this.executions.listJson({ phone_key, from, to, status }, query);
  }
}

/** What a turn needs and does not have: words, and whose they are. */
function missingOf({ user_text, phone_number, call_id, call_sid }: ChatDto): AppError {
  const missing = [
    ...(phone_number == null && call_id == null && call_sid == null ? ['phone_number'] : []),
    ...(user_text == null ? ['user_text'] : []),
  ];
  return new AppError('VALIDATION_FAILED', { details: missing.map((field) => ({ field, message: 'is required' })) });
}
