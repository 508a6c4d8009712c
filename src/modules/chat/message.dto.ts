import { PageQuery } from '../../platform/http/index.js';
import { IsClientName, IsIdField, IsIntField, IsText } from '../../platform/http/validation/index.js';

/** The longest message, in characters. */
export const MAX_CONTENT = 8_000;
/** A message's longest life: ten years. */
export const MAX_TTL_SECONDS = 315_360_000;
/** The most files that one message carries. */
const MAX_FILES = 20;

/** A new message. */
export class PostMessageDto {
  @IsText({ min: 1, max: MAX_CONTENT, description: 'The words', example: 'おはようございます' })
  content: string;

  @IsIdField({ optional: true, description: 'For API keys: the user who speaks. A person may name only themselves' })
  sender_id?: string | null;

  @IsText({
    min: 1,
    max: 200,
    optional: true,
    description: 'Your own name for this message: sent again, it is stored and shown once',
    example: 'c-1',
  })
  client_message_id?: string | null;

  @IsIdField({ optional: true, each: true, max_items: MAX_FILES, description: 'Files to attach', example: [] })
  file_ids?: string[] | null;

  @IsIntField({
    min: 1,
    max: Number.MAX_SAFE_INTEGER,
    optional: true,
    description: 'The place of the message that this one answers',
    example: 1,
  })
  reply_to_seq?: number | null;

  @IsIntField({
    min: 1,
    max: MAX_TTL_SECONDS,
    optional: true,
    description: "How long it lives; the room's lifetime where none is given",
    example: 86_400,
  })
  ttl_seconds?: number | null;
}

/** New words for a message. */
export class EditMessageDto {
  @IsText({ min: 1, max: MAX_CONTENT, description: 'The new words', example: 'おはようございます！' })
  content: string;
}

/** How far the caller has read. */
export class MarkReadDto {
  @IsIntField({ min: 1, max: Number.MAX_SAFE_INTEGER, description: 'The place of the last message that was read', example: 42 })
  seq: number;
}

/** Which part of a room's history. */
export class HistoryQuery {
  @IsIntField({ min: 1, max: 200, optional: true, default: 50, description: 'How many messages at most' })
  limit?: number;

  @IsIntField({ min: 1, max: Number.MAX_SAFE_INTEGER, optional: true, description: 'Only messages before this place', example: 100 })
  before_seq?: number;

  @IsIntField({
    min: 0,
    max: Number.MAX_SAFE_INTEGER,
    optional: true,
    description: 'Only messages after this place, oldest first',
    example: 41,
  })
  after_seq?: number;
}

/** What to look for in messages. */
export class SearchMessagesQuery extends PageQuery {
  @IsText({ min: 2, max: 200, description: 'Any 2 characters or more that stand in the message, in any language', example: 'おはよう' })
  q: string;

  @IsClientName({ optional: true, description: 'In this room alone', example: 'lobby' })
  room_id?: string;
}
