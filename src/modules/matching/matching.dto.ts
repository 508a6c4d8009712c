import { IsIdField, IsIntField, IsOneOf, IsText, IsTimestamp, PageQuery } from '../../platform/http/index.js';
import { MAX_CONTENT } from '../chat/index.js';
import { MATCHING_STATUSES, type MatchingStatus } from './matching.entity.js';

export const MIN_MINUTES = 5;
export const MAX_MINUTES = 180;

/** Whom to talk to, and when. */
export class CreateMatchingDto {
  @IsIdField({ description: 'Who speaks: a company user' })
  speaker_id: string;

  @IsIdField({ optional: true, description: 'Who listens: a student. Admins and systems name one; the caller where none is given' })
  listener_id?: string | null;

  @IsTimestamp({ description: 'When the talk begins; not in the past', example: '2027-04-01T10:00:00.000Z' })
  date: string;

  @IsIntField({ min: MIN_MINUTES, max: MAX_MINUTES, description: 'How long it takes, in minutes', example: 30 })
  meeting_length: number;

  @IsText({ min: 1, max: MAX_CONTENT, optional: true, description: 'The first direct message', example: 'お話を伺いたいです' })
  message?: string | null;
}

/** What changes of a matching; a field that is left out stays. */
export class ChangeMatchingDto {
  @IsTimestamp({ optional: true, description: 'The new beginning; not in the past', example: '2027-04-02T10:00:00.000Z' })
  date?: string | null;

  @IsIntField({ min: MIN_MINUTES, max: MAX_MINUTES, optional: true, description: 'The new length, in minutes', example: 45 })
  meeting_length?: number | null;

  @IsOneOf(['cancelled'], { optional: true, description: '`cancelled` calls the talk off; nothing else changes then' })
  status?: 'cancelled' | null;
}

/** Which matchings. */
export class ListMatchingsQuery extends PageQuery {
  @IsOneOf(MATCHING_STATUSES, { optional: true, description: 'In this status' })
  status?: MatchingStatus;

  @IsTimestamp({ optional: true, description: 'Beginning then or later', example: '2027-04-01T00:00:00.000Z' })
  from?: string;

  @IsTimestamp({ optional: true, description: 'Beginning before then', example: '2027-05-01T00:00:00.000Z' })
  to?: string;
}
