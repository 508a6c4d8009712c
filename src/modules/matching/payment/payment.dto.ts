import { ApiProperty } from '@nestjs/swagger';
import { IsIdField } from '../../../platform/http/index.js';

/** What to pay for. */
export class CreatePaymentDto {
  @IsIdField({ description: 'The matching', example: '019ac1f0-9d3a-7e5c-8f70-0123456789ab' })
  matching_id: string;
}

/** An event as Stripe writes it, as far as this server looks at it (https://docs.stripe.com/api/events/object). */
export class StripeEventDto {
  @ApiProperty({ description: "The event's id: each counts once", example: 'evt_1Example' })
  id: string;

  @ApiProperty({ description: 'What happened', example: 'payment_intent.succeeded' })
  type: string;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'What it happened to: a PaymentIntent, whose metadata names tenant and matching',
    example: { object: { id: 'pi_3Example', object: 'payment_intent', status: 'succeeded', metadata: { client_id: 'tokyo-salon' } } },
  })
  data: Record<string, unknown>;
}
