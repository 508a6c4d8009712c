import { applyDecorators, createParamDecorator, type ExecutionContext, UseGuards } from '@nestjs/common';
import { ApiBody, ApiHeader } from '@nestjs/swagger';
import { AcceptsForm, type KaiwaRequest, NoIdempotency, Public, Unlimited } from '../../../platform/http/index.js';
import { type TwilioForm } from './twilio-form.js';
import { TwilioSignatureGuard } from './twilio-signature.guard.js';

/**
 * A route that Twilio calls (contract, section 4): a form, signed, in the tenant whose it is. `fields` names those that the route reads, each
 * with an example; others are passed over.
 */
export function TwilioWebhook(fields: Readonly<Record<string, string>>): MethodDecorator {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, example]) => [name, { type: 'string', description: `Twilio's \`${name}\``, example }]),
  );
  const schema = { type: 'object', properties, additionalProperties: { type: 'string' } };
  return applyDecorators(
    Public({ tenant: 'signature' }),
    AcceptsForm(),
    Unlimited(),
    NoIdempotency(),
    UseGuards(TwilioSignatureGuard),
    ApiBody({ schema: schema as object, examples: { twilio: { value: fields } } }),
    ApiHeader({
      name: 'X-Twilio-Signature',
      description: "Twilio's signature over the URL and the form",
      required: true,
      example: 'hc1Wf8mB9ZyXh0tG3v2kQ6aR4jU=',
    }),
  );
}

/** The form of a request that {@link TwilioWebhook} has let in. */
export const SignedForm = createParamDecorator((_data: unknown, context: ExecutionContext): TwilioForm => {
  return (context.switchToHttp().getRequest<KaiwaRequest>().body ?? {}) as TwilioForm;
});
