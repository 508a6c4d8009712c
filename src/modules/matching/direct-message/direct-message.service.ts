import { Injectable } from '@nestjs/common';
import { decodeCursor, encodeCursor, Page } from '../../../platform/database/index.js';
import { AppError } from '../../../platform/errors/index.js';
import type { UserActor } from '../../../platform/scope/index.js';
import { MessageService, type MessageView } from '../../chat/index.js';
import { assertMatching } from '../matching.policy.js';
import { MatchingRepository } from '../matching.repository.js';
import type { ListDirectMessagesQuery, PostDirectMessageDto } from './direct-message.dto.js';
import { type DirectMessageView, toDirectMessageView } from './direct-message.view.js';

/** What the two write to each other: the messages of the matching's private room. */
@Injectable()
export class DirectMessageService {
  constructor(
    private readonly matchings: MatchingRepository,
    private readonly messages: MessageService,
  ) {}

  /** A page, newest first. @throws MATCHING_NOT_FOUND to anybody but the two, INVALID_CURSOR */
  async list(actor: UserActor, query: ListDirectMessagesQuery): Promise<Page<DirectMessageView>> {
    const { matching_id, limit, cursor } = query;
    const room_id = await this.roomFor(actor, matching_id);
    const [before] = cursor === undefined ? [] : decodeCursor(cursor, ['bigint']);
    const page = await this.messages.history(actor, room_id, { limit, ...(before === undefined ? {} : { before_seq: Number(before) }) });
    const messages = JSON.parse(page.json) as MessageView[];
    const next = page.next?.['before_seq'];
    return new Page(
      messages.map((message) => toDirectMessageView(message, matching_id)),
      next === undefined ? null : encodeCursor([next]),
    );
  }

  /** Writes to the other, who is told. @throws MATCHING_NOT_FOUND to anybody but the two */
  async post(actor: UserActor, { matching_id, text }: PostDirectMessageDto): Promise<DirectMessageView> {
    const room_id = await this.roomFor(actor, matching_id);
    const { message } = await this.messages.post(actor, room_id, { content: text });
    return toDirectMessageView(message, matching_id);
  }

  private async roomFor(actor: UserActor, matching_id: string): Promise<string> {
    const matching = await this.matchings.findOne({ id: matching_id });
    if (!matching) throw new AppError('MATCHING_NOT_FOUND');
    assertMatching(actor, 'write', matching, 0);
    return matching.room_id;
  }
}
