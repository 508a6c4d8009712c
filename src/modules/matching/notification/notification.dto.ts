import { IsIdField } from '../../../platform/http/index.js';

/** Which notifications were read. */
export class ReadNotificationsDto {
  @IsIdField({ optional: true, each: true, max_items: 500, description: 'Those that were read; all where none are given' })
  ids?: string[] | null;
}
