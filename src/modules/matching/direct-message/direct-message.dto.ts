import { IsIdField, IsText, PageQuery } from '../../../platform/http/index.js';
import { MAX_CONTENT } from '../../chat/index.js';

/** Which matching's messages. */
export class ListDirectMessagesQuery extends PageQuery {
  @IsIdField({ description: 'The matching', example: '019ac1f0-9d3a-7e5c-8f70-0123456789ab' })
  matching_id: string;
}

/** A message to the other of the two. */
export class PostDirectMessageDto {
  @IsIdField({ description: 'The matching', example: '019ac1f0-9d3a-7e5c-8f70-0123456789ab' })
  matching_id: string;

  @IsText({ min: 1, max: MAX_CONTENT, description: 'The words', example: 'よろしくお願いします' })
  text: string;
}
