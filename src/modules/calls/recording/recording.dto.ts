import { AUDIO_FORMATS, type AudioFormat } from '../../../integrations/telephony/index.js';
import { IsOneOf, IsText, IsTimestamp, PageQuery } from '../../../platform/http/index.js';

/** Which recordings. */
export class ListRecordingsQuery extends PageQuery {
  @IsText({ min: 1, max: 40, optional: true, description: 'Of calls with this number, however it is spelt', example: '090-1234-5678' })
  phone?: string;

  @IsTimestamp({ optional: true, description: 'Begun not before this time' })
  from?: string;

  @IsTimestamp({ optional: true, description: 'Begun before this time' })
  to?: string;
}

/** How a recording is to come. */
export class RecordingQuery {
  @IsOneOf(AUDIO_FORMATS, { optional: true, description: 'As what; `mp3` where nothing is said' })
  format?: AudioFormat;
}

/** Whose transcript. */
export class TranscriptionQuery {
  @IsText({ min: 1, max: 64, description: 'The recording', example: 'RE0123456789abcdef0123456789abcdef' })
  recording_sid: string;
}
