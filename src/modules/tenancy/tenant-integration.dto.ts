import { applyDecorators } from '@nestjs/common';
import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, ValidateBy } from 'class-validator';
import { IsIntField, IsText } from '../../platform/http/index.js';

const VISIBLE = { expression: /^[!-~]+$/, message: 'must be visible ASCII characters' };

/** The base URL of a server that speaks OpenAI's API. */
function IsBaseUrl(description: string): PropertyDecorator {
  return applyDecorators(
    ApiProperty({ type: String, format: 'uri', maxLength: 500, required: false, description, example: 'https://api.openai.com/v1' }),
    ValidateBy({
      name: 'isBaseUrl',
      validator: { validate: isBaseUrl, defaultMessage: () => 'must be an https URL without query and fragment' },
    }),
    IsOptional(),
  );
}

function isBaseUrl(value: unknown): boolean {
  const url = typeof value === 'string' && value.length <= 500 ? URL.parse(value) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && url.search === '' && url.hash === '';
}

/** How the tenant reaches a model. A field that is left out stays; null takes it away. */
export class TenantOpenAiDto {
  @IsText({
    min: 1,
    max: 400,
    pattern: VISIBLE,
    optional: true,
    description: 'The API key; what was read back masked leaves it as it is',
    example: 'sk-proj-0123456789abcdefghij',
  })
  api_key?: string | null;

  @IsBaseUrl('Another server that speaks the same API; needs a key of its own, and is no private address')
  base_url?: string | null;

  @IsText({ min: 1, max: 200, pattern: VISIBLE, optional: true, description: 'The model that answers', example: 'gpt-5-mini' })
  model?: string | null;

  @IsText({
    min: 1,
    max: 200,
    pattern: VISIBLE,
    optional: true,
    description: 'The model that compares meanings',
    example: 'text-embedding-3-small',
  })
  embedding_model?: string | null;

  @IsText({ min: 1, max: 200, pattern: VISIBLE, optional: true, description: 'The model that transcribes', example: 'whisper-1' })
  whisper_model?: string | null;
}

/** The tenant's own account at Twilio. */
export class TenantTwilioDto {
  @IsText({
    min: 3,
    max: 64,
    pattern: { expression: /^AC[0-9A-Za-z]+$/, message: 'must be an account SID: AC and 32 characters' },
    optional: true,
    description: 'The account',
    example: 'AC0123456789abcdef0123456789abcdef',
  })
  account_sid?: string;

  @IsText({
    min: 1,
    max: 400,
    pattern: VISIBLE,
    optional: true,
    description: 'Its auth token; what was read back masked leaves it as it is',
    example: '0123456789abcdef0123456789abcdef',
  })
  auth_token?: string;
}

/** How the assistant treats calls. A field that is left out stays; null is the default. */
export class TenantAssistantDto {
  @IsIntField({ min: 1, max: 1_440, optional: true, default: 30, description: 'Minutes without a turn after which an open call closes' })
  idle_minutes?: number | null;

  @IsIntField({ min: 0, max: 100, optional: true, default: 20, description: 'Earlier turns of the same number that the model is shown' })
  history_turns?: number | null;

  @IsIntField({ min: 1, max: 8_760, optional: true, default: 168, description: 'How far back those turns may lie, in hours' })
  history_hours?: number | null;
}
