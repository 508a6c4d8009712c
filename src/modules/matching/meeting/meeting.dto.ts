import { IsFlag, IsIdField, IsIntField, IsJsonField, IsText, IsTimestamp } from '../../../platform/http/index.js';
import { MAX_FRAME_BYTES } from '../../../platform/realtime/index.js';
import { MAX_CONTENT } from '../../chat/index.js';
import { MAX_MINUTES, MIN_MINUTES } from '../matching.dto.js';

/** By a matching that there is, or by what makes one. */
export const MEETING_EXAMPLES = {
  matching: { summary: 'For a matching', value: { matching_id: '019ac1f0-9d3a-7e5c-8f70-0123456789ab' } },
  new: {
    summary: 'Makes the matching too',
    value: { speaker_id: '019ac1f0-7b1e-7c3a-9d5e-0123456789ab', date: '2027-04-01T10:00:00.000Z', meeting_length: 30 },
  },
};

/** Which talk to meet for: a matching, or what makes one. */
export class CreateMeetingDto {
  @IsIdField({
    optional: true,
    description: 'The matching; nothing else is named then but `user_id`',
    example: '019ac1f0-9d3a-7e5c-8f70-0123456789ab',
  })
  matching_id?: string | null;

  @IsIdField({ optional: true, description: 'Who speaks: a company user' })
  speaker_id?: string | null;

  @IsIdField({ optional: true, description: 'Who listens: a student. Admins and systems name one; the caller where none is given' })
  listener_id?: string | null;

  @IsTimestamp({ optional: true, description: 'When the talk begins; not in the past', example: '2027-04-01T10:00:00.000Z' })
  date?: string | null;

  @IsIntField({ min: MIN_MINUTES, max: MAX_MINUTES, optional: true, description: 'How long it takes, in minutes', example: 30 })
  meeting_length?: number | null;

  @IsIdField({
    optional: true,
    description: "Whose `join_url` it is to be: an API key names one of the two; a person's own id, or nothing",
    example: '019ac1f0-7b1e-7c3a-9d5e-0123456789ab',
  })
  user_id?: string | null;
}

/** Coming into a meeting. */
export class EnterMeetingDto {
  @IsText({ min: 1, max: 64, description: 'The tab, by a name of its own making', example: 'b0c4d9f6' })
  tab_id: string;

  @IsFlag({ description: 'Whether this browser can record', example: true })
  can_record: boolean;
}

/** Asking how a meeting stands: nothing more is to be said. */
export class LookDto {}

/** That a tab is still there. */
export class BeatDto {
  @IsFlag({ description: 'Whether this tab records', example: false })
  is_recording: boolean;
}

/** What one side's browser has to tell the other's. */
export class MeetingSignalDto {
  @IsJsonField({
    max_bytes: MAX_FRAME_BYTES,
    description: 'Whatever the two sides agree upon, such as session descriptions and ICE candidates; the server does not read it',
    example: { description: { type: 'offer', sdp: 'v=0…' } },
  })
  data: unknown;
}

/** A direct message from the meeting's page. */
export class SayDto {
  @IsText({ min: 1, max: MAX_CONTENT, description: 'The words', example: 'よろしくお願いします' })
  text: string;
}

/** Which direct messages. */
export class ReadSaidDto {
  @IsIntField({ min: 0, max: Number.MAX_SAFE_INTEGER, description: 'Those that come after this place', example: 0 })
  after_seq: number;
}

/** Leaving for good, or until one comes back. */
export class LeaveMeetingDto {
  @IsFlag({ description: 'True where the person said so', example: true })
  has_left: boolean;
}

/** The beginning of a recording. */
export class BeginTakeDto {
  @IsText({
    min: 1,
    max: 100,
    pattern: {
      expression: /^audio\/[a-z0-9.+-]+(?:; ?codecs="?[a-z0-9.,]+"?)?$/i,
      message: 'must be a type of sound such as audio/webm;codecs=opus',
    },
    description: "As the browser's MediaRecorder names it",
    example: 'audio/webm;codecs=opus',
  })
  content_type: string;
}

/** By what a participant comes. */
export class JoinQuery {
  @IsText({ min: 1, max: 200, description: "The participant's token", example: 'salon.019ac1f0-7b1e-7c3a-9d5e-0123456789ab.k3p' })
  token: string;
}
