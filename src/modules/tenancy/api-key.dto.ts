import { IsOneOf, IsText, IsTimestamp } from '../../platform/http/index.js';
import { API_SCOPES, type ApiScope } from '../../platform/scope/index.js';

/** A new API key. */
export class CreateApiKeyDto {
  @IsText({ min: 1, max: 100, description: 'What it is for', example: 'phone desk' })
  name: string;

  @IsOneOf(API_SCOPES, {
    optional: true,
    each: true,
    max_items: API_SCOPES.length,
    enum_name: 'ApiScope',
    description: 'What it may do; `phone` where none is named',
    example: ['phone'],
  })
  scopes?: ApiScope[] | null;

  @IsTimestamp({ optional: true, description: 'When it ends; never where no time is given', example: '2027-12-01T00:00:00.000Z' })
  expires_at?: string | null;
}
