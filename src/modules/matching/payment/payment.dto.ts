import { IsIdField } from '../../../platform/http/index.js';

/** What to pay for. */
export class CreatePaymentDto {
  @IsIdField({ description: 'The matching', example: '019ac1f0-9d3a-7e5c-8f70-0123456789ab' })
  matching_id: string;
}
