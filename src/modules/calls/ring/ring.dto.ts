import { IsIdField, IsJsonField, IsOneOf } from '../../../platform/http/index.js';
import { MAX_FRAME_BYTES } from '../../../platform/realtime/index.js';
import { MEDIA, type Media } from './media.js';

/** Whom to call. */
export class StartCallDto {
  @IsIdField({ description: 'Who is called', example: '019ac1f0-7b1e-7c3a-9d5e-0123456789ab' })
  callee_id: string;

  @IsIdField({
    optional: true,
    description: "Who calls: an API key names the user that it acts for; a person's own id, or nothing",
    example: '019ac1f0-8c2f-7d4b-8e6f-123456789abc',
  })
  caller_id?: string | null;

  @IsOneOf(MEDIA, {
    optional: true,
    enum_name: 'CallMedia',
    description: 'What it carries; `audio` where nothing is said',
    example: 'video',
  })
  media?: Media | null;
}

/** For whom an API key acts. */
export class ActForDto {
  @IsIdField({
    optional: true,
    description: "Who acts: an API key names the user that it acts for; a person's own id, or nothing",
    example: '019ac1f0-8c2f-7d4b-8e6f-123456789abc',
  })
  user_id?: string | null;
}

/** For whom an API key reads. */
export class ActForQuery {
  @IsIdField({
    optional: true,
    description: "Who reads: an API key names the user that it acts for; a person's own id, or nothing",
    example: '019ac1f0-8c2f-7d4b-8e6f-123456789abc',
  })
  user_id?: string;
}

/** What one side's browser has to tell the other's. */
export class CallSignalDto {
  @IsIdField({ description: 'The call', example: '019ac1f0-9d30-7e5c-9f70-23456789abcd' })
  call_id: string;

  @IsJsonField({
    max_bytes: MAX_FRAME_BYTES,
    description: 'Whatever the two sides agree upon, such as session descriptions and ICE candidates; the server does not read it',
    example: { description: { type: 'offer', sdp: 'v=0…' } },
  })
  data: unknown;
}
