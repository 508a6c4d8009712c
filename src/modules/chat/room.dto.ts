import { IsClientName, IsIdField, IsIntField, IsOneOf, IsText } from '../../platform/http/validation/index.js';
import { MAX_TTL_SECONDS } from './message.dto.js';
import { ROOM_ROLES, type RoomRole } from './room-member.entity.js';
import { VISIBILITIES, type Visibility } from './room.entity.js';

/** A new room. */
export class CreateRoomDto {
  @IsClientName({ optional: true, description: 'The id to give it; made by the server where none is given', example: 'support' })
  id?: string | null;

  @IsText({ min: 1, max: 200, description: 'What it is called', example: 'サポート' })
  name: string;

  @IsOneOf(VISIBILITIES, { description: '`open` to everyone in the tenant, `private` to its members', example: 'open' })
  visibility: Visibility;

  @IsIntField({
    min: 1,
    max: MAX_TTL_SECONDS,
    optional: true,
    description: 'How long its messages live; null for ever',
    example: 2_592_000,
  })
  message_ttl_seconds?: number | null;

  @IsIdField({ optional: true, each: true, max_items: 500, description: 'Who is in it from the start', example: [] })
  member_ids?: string[] | null;
}

/** What changes in a room; a field that is left out stays. */
export class UpdateRoomDto {
  @IsText({ min: 1, max: 200, optional: true, description: 'What it is called', example: 'サポート窓口' })
  name?: string;

  @IsOneOf(VISIBILITIES, { optional: true, description: 'Who may see it', example: 'private' })
  visibility?: Visibility;

  @IsIntField({ min: 1, max: MAX_TTL_SECONDS, optional: true, description: 'For messages from now on; null for ever', example: 86_400 })
  message_ttl_seconds?: number | null;
}

/** What a member is to be. */
export class PutMemberDto {
  @IsOneOf(ROOM_ROLES, { optional: true, description: '`member` where none is given', example: 'member' })
  role?: RoomRole | null;
}
