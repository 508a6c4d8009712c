import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import { isCalendarDate, isTimestamp, PageQuery } from '../../platform/http/index.js';

/** A day in UTC, or a time within it. */
function IsDay(description: string): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: String, required: false, description, example: '2026-11-01' }),
    ValidateBy({
      name: 'isDay',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && (isCalendarDate(value) || isTimestamp(value)),
        defaultMessage: () => 'must be a day such as 2026-11-01, or an RFC 3339 time',
      },
    }),
    IsOptional(),
  );
}

/** Which days. */
export class UsageQuery extends PageQuery {
  @IsDay('Not before this day (UTC)')
  from?: string;

  @IsDay('Before this day (UTC)')
  to?: string;
}
