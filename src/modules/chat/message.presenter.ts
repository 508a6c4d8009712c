import type { NewMessage, PostOutcome } from './message.repository.js';
import type { MessageView } from './message.view.js';

/**
 * A message that has just been posted, as everybody sees it: what `MESSAGE_JSON` would read back, field for field, without
 * reading it.
 */
export function presentPosted(message: NewMessage, outcome: PostOutcome): MessageView {
  return (outcome.view ??= makeView(message, outcome));
}

function makeView(message: NewMessage, outcome: PostOutcome): MessageView {
  return {
    room_id: message.room_id,
    seq: outcome.seq,
    id: message.id,
    from: outcome.is_anonymous
      ? { id: message.sender_id }
      : {
          id: message.sender_id,
          username: message.sender?.username ?? outcome.username ?? undefined,
          email: message.sender?.email ?? outcome.email ?? undefined,
        },
    content: message.content,
    file_ids: [...message.file_ids],
    reply_to_seq: message.reply_to_seq,
    reactions: [],
    created_at: outcome.created_at.toISOString(),
    edited_at: null,
    deleted_at: null,
    expires_at: outcome.expires_at?.toISOString() ?? null,
  };
}
