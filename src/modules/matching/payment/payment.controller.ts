import { Body, Controller, Post, Req } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiTags } from '@nestjs/swagger';
import { AcceptsRaw, Access, Answers, CurrentActor, type KaiwaRequest, NoIdempotency, Public } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { CreatePaymentDto, StripeEventDto } from './payment.dto.js';
import { PaymentService } from './payment.service.js';
import { PaymentView, ReceivedView } from './payment.view.js';

const SIGNATURE = 'stripe-signature';

@ApiTags('Matching')
@Controller('payment')
export class PaymentController {
  constructor(private readonly payments: PaymentService) {}

  /** Ask for the payment of a matching. Its listener pays by the secret; asked for again, it is the same payment. */
  @Post()
  @Access('member', { scope: 'matching' })
  @NoIdempotency()
  @Answers(201, PaymentView, {
    refuses: [
      'MATCHING_NOT_FOUND',
      'FORBIDDEN',
      'MATCHING_OVER',
      'PRICE_NOT_SET',
      'PAYMENT_FAILED',
      'PAYMENT_NOT_CONFIGURED',
      'PAYMENT_UNAVAILABLE',
      'PAYMENT_TIMEOUT',
    ],
  })
  createPayment(@CurrentActor() actor: Actor, @Body() body: CreatePaymentDto): Promise<PaymentView> {
    return this.payments.create(actor, body.matching_id);
  }

  /** Hear what Stripe says. The signature over the body binds the event, whose metadata names tenant and matching; each event counts once. */
  @Post('webhook')
  @Public({ tenant: 'none' })
  @AcceptsRaw()
  @NoIdempotency()
  @ApiHeader({
    name: 'Stripe-Signature',
    description: "Stripe's signature, 300 s old at most",
    required: true,
    example: 't=1764158400,v1=5257…',
  })
  @ApiBody({ type: StripeEventDto, description: 'The bytes as Stripe signed them' })
  @Answers(200, ReceivedView, { refuses: ['PAYMENT_SIGNATURE_INVALID', 'PAYMENT_MISMATCH', 'PAYMENT_NOT_CONFIGURED'] })
  async hearPaymentEvent(@Req() request: KaiwaRequest): Promise<ReceivedView> {
    const signature = request.headers[SIGNATURE];
    await this.payments.hear(request.rawBody ?? Buffer.alloc(0), typeof signature === 'string' ? signature : undefined);
    return { received: true };
  }
}
