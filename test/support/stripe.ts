import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A PaymentIntent as Stripe shows it, as far as this server looks at it. */
export interface StripeIntent {
  id: string;
  object: 'payment_intent';
  amount: number;
  amount_received: number;
  currency: string;
  status: string;
  client_secret: string;
  metadata: Record<string, string>;
}

export interface StripeRefund {
  id: string;
  payment_intent: string;
  amount: number;
  idempotency_key: string;
}

/** What a request said. */
export interface StripeRequest {
  method: string;
  path: string;
  key: string;
  idempotency_key: string;
}

/** A small server of Stripe's request shapes. */
export interface FakeStripe {
  readonly url: string;
  readonly intents: Map<string, StripeIntent>;
  readonly refunds: StripeRefund[];
  readonly requests: StripeRequest[];
  /** Answers the next requests by a status in place of what they ask for; `hang` never answers, `cut` ends the connection. */
  fail(how: number | 'hang' | 'cut' | null): void;
  /** As if the payer had paid. */
  pay(intent_id: string): StripeIntent;
  close(): Promise<void>;
}

export const STRIPE_SECRET_KEY = 'sk_test_only_for_tests';
export const STRIPE_WEBHOOK_SECRET = 'whsec_only_for_tests';

export async function startStripe(): Promise<FakeStripe> {
  const intents = new Map<string, StripeIntent>();
  const byKey = new Map<string, { body: string; intent: StripeIntent }>();
  const refunds: StripeRefund[] = [];
  const requests: StripeRequest[] = [];
  let failing: number | 'hang' | 'cut' | null = null;

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const path = request.url ?? '';
    const idempotency_key = String(request.headers['idempotency-key'] ?? '');
    requests.push({ method: request.method ?? '', path, key: request.headers.authorization ?? '', idempotency_key });
    if (failing === 'hang') return;
    if (failing === 'cut') return void request.socket.destroy();
    if (failing !== null) return reply(failing, { error: { type: failing === 429 ? 'rate_limit_error' : 'api_error', message: 'No' } });
    if (request.headers.authorization !== `Bearer ${STRIPE_SECRET_KEY}`) {
      return reply(401, { error: { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_****' } });
    }
    const fields = new URLSearchParams(body);
    if (request.method === 'POST' && path === '/v1/payment_intents') return create(fields, body, idempotency_key);
    if (request.method === 'POST' && path === '/v1/refunds') return refund(fields, idempotency_key);
    const [, id = '', act] = /^\/v1\/payment_intents\/(\w+)(\/cancel)?$/.exec(path) ?? [];
    const intent = intents.get(id);
    if (!intent)
      return reply(404, { error: { type: 'invalid_request_error', code: 'resource_missing', message: 'No such payment_intent' } });
    if (act === undefined) return reply(200, intent);
    if (['succeeded', 'canceled'].includes(intent.status)) {
      return reply(400, { error: { type: 'invalid_request_error', code: 'payment_intent_unexpected_state', message: intent.status } });
    }
    intent.status = 'canceled';
    reply(200, intent);

    function create(wanted: URLSearchParams, text: string, key: string): void {
      const first = byKey.get(key);
      if (first && first.body !== text) return reply(400, { error: { type: 'idempotency_error', message: 'Other parameters' } });
      if (first) return reply(200, first.intent);
      const made: StripeIntent = {
        id: `pi_${randomBytes(8).toString('hex')}`,
        object: 'payment_intent',
        amount: Number(wanted.get('amount')),
        amount_received: 0,
        currency: wanted.get('currency') ?? '',
        status: 'requires_payment_method',
        client_secret: `secret_${randomBytes(8).toString('hex')}`,
        metadata: Object.fromEntries(
          [...wanted].flatMap(([name, value]) => (name.startsWith('metadata[') ? [[name.slice(9, -1), value] as const] : [])),
        ),
      };
      intents.set(made.id, made);
      byKey.set(key, { body: text, intent: made });
      reply(200, made);
    }

    function refund(wanted: URLSearchParams, key: string): void {
      let known = refunds.find((one) => one.idempotency_key === key);
      if (!known) {
        const id = `re_${randomBytes(8).toString('hex')}`;
        known = { id, payment_intent: wanted.get('payment_intent') ?? '', amount: Number(wanted.get('amount')), idempotency_key: key };
        refunds.push(known);
      }
      reply(200, { object: 'refund', status: 'succeeded', ...known });
    }

    function reply(status: number, json: object): void {
      response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'req_test' });
      response.end(JSON.stringify(json));
    }
  }

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    intents,
    refunds,
    requests,
    fail: (how) => {
      failing = how;
    },
    pay: (intent_id) => {
      const intent = intents.get(intent_id);
      if (!intent) throw new Error(`${intent_id} is no payment`);
      return Object.assign(intent, { status: 'succeeded', amount_received: intent.amount });
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** An event as Stripe sends it, with its signature (https://docs.stripe.com/webhooks, "Verify manually"). */
export function signedEvent(
  type: string,
  object: object,
  { id = `evt_${randomBytes(8).toString('hex')}`, secret = STRIPE_WEBHOOK_SECRET, age_s = 0 } = {},
): { body: string; headers: Record<string, string> } {
  const body = JSON.stringify({ id, object: 'event', type, api_version: '2026-01-01', data: { object } }, null, 2);
  const at = Math.floor(Date.now() / 1_000) - age_s;
  const v1 = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
  return { body, headers: { 'stripe-signature': `t=${at},v1=${v1}`, 'content-type': 'application/json; charset=utf-8' } };
}
