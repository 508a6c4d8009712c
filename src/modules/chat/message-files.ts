import { Injectable } from '@nestjs/common';
import { Database } from '../../platform/database/index.js';
import { FileAccess, FileAttachments } from '../files/index.js';
import { MessageRepository, type NewMessage, type PostOutcome } from './message.repository.js';
import { readerOf } from './room.policy.js';

/** Files of messages: whoever may read a message that is there may read its files. */
@Injectable()
export class MessageFiles {
  constructor(
    access: FileAccess,
    private readonly database: Database,
    private readonly messages: MessageRepository,
    private readonly attachments: FileAttachments,
  ) {
    access.registerWhole('room', (actor, file_id) => this.messages.isFileVisible(file_id, readerOf(actor)));
  }

  /** Stores a message and attaches its files to the room, or does neither. @throws UNKNOWN_FILE */
  post(message: NewMessage): Promise<PostOutcome[]> {
    const { room_id, sender_id, file_ids } = message;
    return this.database.transaction(
      async () => {
        // Files are locked before the room, as where a user's deletion takes both.
        const attach = await this.attachments.prepare(sender_id, file_ids, { kind: 'room', id: room_id });
        const outcomes = await this.messages.post([message]);
        const [outcome] = outcomes;
        if (outcome?.outcome === 'created') {
          await attach();
          await this.messages.addFiles(room_id, outcome.seq, file_ids);
        }
        return outcomes;
      },
      { retry: true },
    );
  }
}
