import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import { IsOneOf, IsText, PageQuery } from '../../../platform/http/index.js';
import { NAME_PATTERN } from '../faq/faq.dto.js';
import { TASK_STATUSES, type TaskStatus } from './task.entity.js';
import { isWallClock, isWallClockBound } from './wall-clock.js';
import { IsPhoneNumber } from '../../tenancy/index.js';

export const MAX_NAME = 200;
const MAX_REQUEST = 4_000;

interface TimeOptions {
  optional?: boolean;
  description: string;
}

function timeField(
  name: string,
  holds: (text: string) => boolean,
  message: string,
  example: string,
  options: TimeOptions,
): PropertyDecorator {
  const { optional = false, description } = options;
  return applyDecorators(
    ApiProperty({ type: String, maxLength: 40, example, description, required: !optional }),
    ValidateBy({
      name,
      validator: { validate: (value: unknown) => typeof value === 'string' && holds(value), defaultMessage: () => message },
    }),
    ...(optional ? [IsOptional()] : []),
  );
}

/** A date and a time as a clock on the tenant's wall shows them. */
function IsWallClock(options: TimeOptions): PropertyDecorator {
  return timeField(
    'isWallClock',
    isWallClock,
    'must be a date and time without an offset, such as 2024-12-01T10:00:00',
    '2024-12-01T10:00:00',
    options,
  );
}

/** What bounds a list of wall-clock times. */
function IsWallClockBound(options: TimeOptions): PropertyDecorator {
  return timeField(
    'isWallClockBound',
    isWallClockBound,
    'must be a time such as 2024-12-01T10:00:00, a date, or an RFC 3339 time',
    '2024-12-01T00:00:00',
    options,
  );
}

/** A new task. */
export class CreateTaskDto {
  @IsText({ min: 1, max: MAX_NAME, pattern: NAME_PATTERN, description: 'What names it; one of a kind', example: 'タナカ_20241201_1000' })
  name: string;

  @IsPhoneNumber({ description: 'The number of whoever asked, however it is written' })
  phone_number: string;

  @IsWallClock({ description: "When, as a clock in the tenant's time zone shows it; read back as it was written" })
  start_datetime: string;

  @IsText({ min: 1, max: MAX_REQUEST, description: 'What was asked for', example: 'カット' })
  request: string;

  @IsOneOf(TASK_STATUSES, { optional: true, enum_name: 'TaskStatus', description: '`open` where none is given' })
  status?: TaskStatus | null;
}

/** What changes in a task; a field that is left out stays. */
export class UpdateTaskDto {
  @IsText({
    min: 1,
    max: MAX_NAME,
    pattern: NAME_PATTERN,
    optional: true,
    description: 'Another name, by which it is found from then on',
    example: 'タナカ_20241201_1100',
  })
  name?: string | null;

  @IsPhoneNumber({ optional: true, description: 'The number of whoever asked', example: '090-1234-5678' })
  phone_number?: string | null;

  @IsWallClock({ optional: true, description: "When, as a clock in the tenant's time zone shows it" })
  start_datetime?: string | null;

  @IsText({ min: 1, max: MAX_REQUEST, optional: true, description: 'What was asked for', example: 'カットとカラー' })
  request?: string | null;

  @IsOneOf(TASK_STATUSES, { optional: true, enum_name: 'TaskStatus', description: 'How it stands' })
  status?: TaskStatus | null;
}

/** Which tasks. */
export class TaskQuery extends PageQuery {
  @IsText({ min: 1, max: 40, optional: true, description: 'Those of this number, however it is written', example: '09012345678' })
  phone?: string;

  @IsWallClockBound({
    optional: true,
    description: "Not before this time of the tenant's clock; an RFC 3339 time counts as what that clock shows then",
  })
  from?: string;

  @IsWallClockBound({ optional: true, description: "Before this time of the tenant's clock" })
  to?: string;

  @IsOneOf(TASK_STATUSES, { optional: true, description: 'Those that stand so' })
  status?: TaskStatus;
}
