import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import { IsIdField, isStorable, IsText } from '../../platform/http/index.js';
import { ACCESS_TYPES, type AccessType } from './page.entity.js';

/** The longest content, in bytes of UTF-8 (contract, section 0). */
export const MAX_CONTENT_BYTES = 2 * 1024 * 1024;
/** A body that says it in JSON may take three times as much, where a client escapes what is not ASCII. */
export const MAX_BODY_BYTES = 3 * MAX_CONTENT_BYTES + 256 * 1024;
const MOST_USERS = 1_000;

const TITLE = { min: 1, max: 200, description: 'The title', example: '夏のご案内' } as const;
const PASSWORD = { min: 1, max: 128, optional: true, example: 'himitsu-7' } as const;
const READERS = { each: true, optional: true, max_items: MOST_USERS, description: 'Users who may see a page of access type 2' } as const;
const EDITORS = { each: true, optional: true, max_items: MOST_USERS, description: 'Users who may read and write it as its creator does' };

/** A new page. */
export class CreatePageDto {
  @IsText(TITLE)
  title: string;

  @IsContent()
  content: string;

  @IsAccessType()
  access_type: AccessType;

  @IsText({ ...PASSWORD, description: 'What readers of a page of access type 1 must know' })
  password?: string | null;

  @IsIdField(READERS)
  allowed_user_ids?: string[] | null;

  @IsIdField(EDITORS)
  co_editor_user_ids?: string[] | null;

  @IsIdField({ optional: true, description: 'For API keys: whose page it is. A person may name only themselves' })
  user_id?: string | null;
}

/** New content and settings; what is left out stays. */
export class UpdatePageDto {
  @IsText({ ...TITLE, optional: true })
  title?: string | null;

  @IsContent(true)
  content?: string | null;

  @IsAccessType(true)
  access_type?: AccessType | null;

  @IsText({ ...PASSWORD, description: 'What readers of a page of access type 1 must know; left out it stays, null clears it' })
  password?: string | null;

  @IsIdField(READERS)
  allowed_user_ids?: string[] | null;

  @IsIdField(EDITORS)
  co_editor_user_ids?: string[] | null;
}

/** Its length is looked at by the service, since too long a content is too large a body (413). */
function IsContent(optional = false): PropertyDecorator {
  return applyDecorators(
    ApiProperty({
      type: String,
      maxLength: MAX_CONTENT_BYTES,
      required: !optional,
      description: 'The page itself: HTML, at most 2 MiB of UTF-8',
      example: '<h1>夏のご案内</h1><p>8月10日から休業いたします。</p>',
    }),
    ValidateBy({
      name: 'isContent',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && isStorable(value),
        defaultMessage: () => 'must be text',
      },
    }),
    ...(optional ? [IsOptional()] : []),
  );
}

function IsAccessType(optional = false): PropertyDecorator {
  return applyDecorators(
    ApiProperty({
      type: 'integer',
      enum: [...ACCESS_TYPES],
      required: !optional,
      description: 'Who may see it: 0 everybody, 1 who knows the password, 2 the listed users only',
      example: 0,
    }),
    ValidateBy({
      name: 'isAccessType',
      validator: {
        validate: (value: unknown) => ACCESS_TYPES.includes(value as AccessType),
        defaultMessage: () => 'must be 0, 1 or 2',
      },
    }),
    ...(optional ? [IsOptional()] : []),
  );
}
