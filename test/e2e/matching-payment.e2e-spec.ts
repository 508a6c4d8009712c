import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, type TestUser } from '../support/client.js';
import { makeAdmin, makePerson, makeTown, minutesAhead, type Town } from '../support/matching.js';
import { type Answer, type Api, startServer, type TestServer } from '../support/server.js';
import { sql } from '../support/sql.js';
import {
  type FakeStripe,
  signedEvent,
  startStripe,
  STRIPE_SECRET_KEY,
  STRIPE_WEBHOOK_SECRET,
  type StripeIntent,
} from '../support/stripe.js';

interface Payment {
  id: string;
  client_secret: string;
  amount: number;
  currency: string;
  status: string;
}

interface Refusal {
  code: string;
  message: string;
}

const NOBODY = '019ac1f0-0000-7000-8000-000000000000';

let stripe: FakeStripe;
let server: TestServer;
let town: Town;
let admin: TestUser;
let speaker: TestUser;
let listener: TestUser;
let hour = 48;

beforeAll(async () => {
  stripe = await startStripe();
  server = await startServer({ env: { STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, STRIPE_API_BASE_URL: stripe.url } });
  town = await makeTown(server.api);
  [admin, speaker, listener] = await Promise.all([
    makeAdmin(server.api, town),
    makePerson(server.api, town, 'company'),
    makePerson(server.api, town, 'student'),
  ]);
  await setTerms({ price: 3_000, currency: 'JPY' });
}, 60_000);

afterAll(async () => {
  await server.stop();
  await stripe.close();
});

beforeEach(() => stripe.fail(null));

async function setTerms(matching: object, of = town): Promise<void> {
  expect((await of.owner.api('/tenant', { method: 'PATCH', json: { matching } })).status).toBe(200);
}

async function book(minutes = hour++ * 60): Promise<string> {
  const json = { speaker_id: speaker.id, date: minutesAhead(minutes), meeting_length: 30 };
  const { status, body } = await listener.api<{ id: string }>('/matching', { method: 'POST', json });
  expect(status).toBe(201);
  return body.id;
}

function pay<T = Payment>(by: Api, matching_id: string): Promise<Answer<T>> {
  return by<T>('/payment', { method: 'POST', json: { matching_id } });
}

function send(event: { body: string; headers: Record<string, string> }): Promise<Answer<Refusal & { received?: boolean }>> {
  return server.api('/payment/webhook', { method: 'POST', ...event });
}

function intentOf(matching_id: string): StripeIntent {
  const found = [...stripe.intents.values()].find(({ metadata }) => metadata['matching_id'] === matching_id);
  if (!found) throw new Error('No payment was asked for');
  return found;
}

async function isPaid(matching_id: string): Promise<boolean> {
  return (await listener.api<{ is_done_payment: boolean }>(`/matching/${matching_id}`)).body.is_done_payment;
}

async function paidTalk(minutes?: number): Promise<string> {
  const id = await book(minutes);
  await pay(listener.api, id);
  expect((await send(signedEvent('payment_intent.succeeded', stripe.pay(intentOf(id).id)))).status).toBe(200);
  return id;
}

async function cancel(by: TestUser, id: string): Promise<void> {
  expect((await by.api(`/matching/${id}`, { method: 'PATCH', json: { status: 'cancelled' } })).status).toBe(200);
}

async function statusOf(matching_id: string): Promise<string | undefined> {
  return (await sql<{ status: string }>(server.database_url, 'select status from payments where matching_id = $1', [matching_id]))[0]
    ?.status;
}

describe('POST /payment', () => {
  it('asks Stripe once for a matching, by its id as the key, in yen without decimals', async () => {
    const id = await book();
    const first = await pay(listener.api, id);
    expect(first.status).toBe(201);
    const intent = intentOf(id);
    expect(first.body).toEqual({
      id: expect.any(String),
      client_secret: intent.client_secret,
      amount: 3_000,
      currency: 'jpy',
      status: 'requires_payment_method',
    });
    expect(intent).toMatchObject({ amount: 3_000, metadata: { client_id: town.client_id, matching_id: id, payment_id: first.body.id } });
    const asked = stripe.requests.filter(({ path, idempotency_key }) => path === '/v1/payment_intents' && idempotency_key === id);
    expect(asked).toHaveLength(1);
    expect((await pay(listener.api, id)).body).toEqual(first.body);
    expect(await isPaid(id)).toBe(false);
    const rows = await sql(server.database_url, 'select * from payments where matching_id = $1', [id]);
    expect(JSON.stringify(rows)).not.toContain(intent.client_secret);
  });

  it('keeps the amount that was asked for, whatever the tenant sets afterwards', async () => {
    const id = await book();
    const { body } = await pay(listener.api, id);
    await setTerms({ price: 9_999 });
    expect((await pay(listener.api, id)).body).toEqual(body);
    await setTerms({ price: 3_000 });
  });

  it('makes one payment, however many ask at once', async () => {
    const id = await book();
    const answers = await Promise.all(Array.from({ length: 10 }, () => pay(listener.api, id)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect([...stripe.intents.values()].filter(({ metadata }) => metadata['matching_id'] === id)).toHaveLength(1);
  });

  it('is the listener’s: 403 to the speaker, 404 to strangers, 401 to the anonymous', async () => {
    const id = await book();
    expect((await pay<Refusal>(speaker.api, id)).status).toBe(403);
    expect((await pay(admin.api, id)).status).toBe(201);
    const stranger = await makePerson(server.api, town, 'student', { is_authenticated: false });
    const foreign = await makeTown(server.api);
    for (const answer of [
      await pay<Refusal>(stranger.api, id),
      await pay<Refusal>(foreign.owner.api, id),
      await pay<Refusal>(listener.api, NOBODY),
    ]) {
      expect([answer.status, answer.body.message]).toEqual([404, 'Matching not found']);
    }
    expect((await pay(server.api, id)).status).toBe(401);
    expect((await pay(listener.api, 'x')).status).toBe(404);
  });

  it('asks for nothing where no price is set, or the talk is off', async () => {
    const id = await book();
    await setTerms({ price: null });
    expect((await pay<Refusal>(listener.api, id)).body.code).toBe('PRICE_NOT_SET');
    await setTerms({ price: 3_000 });
    await cancel(listener, id);
    const { status, body } = await pay<Refusal>(listener.api, id);
    expect([status, body.code]).toEqual([409, 'MATCHING_OVER']);
  });

  it('says what is wrong with Stripe, and can be asked again', async () => {
    const id = await book();
    const cases: Array<[number | 'hang' | 'cut', number, string]> = [
      [402, 502, 'PAYMENT_FAILED'],
      [500, 502, 'PAYMENT_FAILED'],
      [429, 503, 'PAYMENT_UNAVAILABLE'],
      ['cut', 503, 'PAYMENT_UNAVAILABLE'],
    ];
    for (const [how, status, code] of cases) {
      stripe.fail(how);
      const answer = await pay<Refusal>(listener.api, id);
      expect([how, answer.status, answer.body.code]).toEqual([how, status, code]);
      expect(answer.headers.has('retry-after')).toBe(status === 503);
    }
    stripe.fail(null);
    expect((await pay(listener.api, id)).status).toBe(201);
  }, 60_000);

  it('does not wait for a Stripe that never answers', async () => {
    const id = await book();
    stripe.fail('hang');
    const { status, body } = await pay<Refusal>(listener.api, id);
    expect([status, body.code]).toEqual([504, 'PAYMENT_TIMEOUT']);
  }, 60_000);
});

describe('the settings', () => {
  it('take whole amounts in a currency that there is', async () => {
    const set = async (matching: object): Promise<number> =>
      (await town.owner.api('/tenant', { method: 'PATCH', json: { matching } })).status;
    for (const wrong of [
      { price: 0 },
      { price: 10.5 },
      { price: '3000' },
      { currency: 'yen' },
      { currency: 'zzz' },
      { refund_late_percent: 101 },
      { cancel_cutoff_hours: -1 },
      { message_ttl_days: 0 },
      { tip: 1 },
    ]) {
      expect([wrong, await set(wrong)]).toEqual([wrong, 400]);
    }
    expect((await speaker.api('/tenant', { method: 'PATCH', json: { matching: { price: 1 } } })).status).toBe(403);
  });
});

describe('POST /payment/webhook', () => {
  it('marks the matching as paid, once for an event', async () => {
    const id = await book();
    await pay(listener.api, id);
    const event = signedEvent('payment_intent.succeeded', stripe.pay(intentOf(id).id));
    expect((await send(event)).body).toEqual({ received: true });
    expect(await isPaid(id)).toBe(true);
    await sql(server.database_url, 'update matchings set is_done_payment = false where id = $1', [id]);
    const again = await Promise.all([send(event), send(event), send(event)]);
    expect(again.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await isPaid(id)).toBe(false);
  });

  it('marks the matching also where the payer looked at the payment before', async () => {
    const id = await book();
    await pay(listener.api, id);
    const paid = stripe.pay(intentOf(id).id);
    expect((await pay(listener.api, id)).body.status).toBe('succeeded');
    expect((await send(signedEvent('payment_intent.succeeded', paid))).status).toBe(200);
    expect([await isPaid(id), await statusOf(id)]).toEqual([true, 'succeeded']);
  });

  it('also under the other prefix, and whatever is said afterwards', async () => {
    const id = await book();
    await pay(listener.api, id);
    const paid = signedEvent('payment_intent.succeeded', stripe.pay(intentOf(id).id));
    expect((await server.api('/api/payment/webhook', { method: 'POST', ...paid })).status).toBe(200);
    const late = { ...intentOf(id), status: 'requires_payment_method', amount_received: 0 };
    expect((await send(signedEvent('payment_intent.payment_failed', late))).status).toBe(200);
    expect([await isPaid(id), await statusOf(id)]).toEqual([true, 'succeeded']);
  });

  it('believes no other signature, no old one, and no body that was changed', async () => {
    const id = await book();
    await pay(listener.api, id);
    const intent = { ...stripe.pay(intentOf(id).id) };
    const good = signedEvent('payment_intent.succeeded', intent);
    const wrong = [
      signedEvent('payment_intent.succeeded', intent, { secret: 'whsec_another_one' }),
      signedEvent('payment_intent.succeeded', intent, { age_s: 301 }),
      { ...good, body: good.body.replace('3000', '3001') },
      { ...good, headers: { 'content-type': 'application/json' } },
      { ...good, headers: { ...good.headers, 'stripe-signature': 'garbage' } },
      { body: '', headers: good.headers },
    ];
    for (const event of wrong) {
      const { status, body } = await send(event);
      expect([status, body.code]).toEqual([400, 'PAYMENT_SIGNATURE_INVALID']);
    }
    expect(await isPaid(id)).toBe(false);
    expect((await send(signedEvent('payment_intent.succeeded', intent, { age_s: 290 }))).status).toBe(200);
    expect(await isPaid(id)).toBe(true);
  });

  it('takes no other amount, currency, tenant, matching or payment for it', async () => {
    const [id, other] = [await book(), await book()];
    await pay(listener.api, id);
    await pay(listener.api, other);
    const foreign = await makeTown(server.api);
    const intent = { ...stripe.pay(intentOf(id).id) };
    const wrong = [
      { ...intent, amount: 1, amount_received: 1 },
      { ...intent, amount_received: 1 },
      { ...intent, amount: 1 },
      { ...intent, status: 'processing' },
      { ...intent, status: 'requires_payment_method' },
      { ...intent, currency: 'usd' },
      { ...intent, metadata: { ...intent.metadata, client_id: foreign.client_id } },
      { ...intent, metadata: { ...intent.metadata, client_id: 'nobody-at-all' } },
      { ...intent, metadata: { ...intent.metadata, matching_id: other } },
      { ...intent, metadata: { ...intent.metadata, matching_id: NOBODY } },
      { ...intent, metadata: { ...intent.metadata, matching_id: 'x' } },
      { ...intent, id: 'pi_another' },
    ];
    for (const one of wrong) {
      const { status, body } = await send(signedEvent('payment_intent.succeeded', one));
      expect([one, status, body.code]).toEqual([one, 400, 'PAYMENT_MISMATCH']);
    }
    expect([await isPaid(id), await isPaid(other)]).toEqual([false, false]);
  });

  it('passes over what is about something else', async () => {
    const others = [
      signedEvent('payment_intent.succeeded', {
        id: 'pi_x',
        amount: 1,
        amount_received: 1,
        currency: 'jpy',
        status: 'succeeded',
        metadata: {},
      }),
      signedEvent('customer.created', { id: 'cus_x' }),
    ];
    for (const event of others) expect((await send(event)).status).toBe(200);
  });
});

describe('a paid talk that is called off', () => {
  const refundsOf = (id: string): number[] =>
    stripe.refunds.filter(({ payment_intent }) => payment_intent === intentOf(id).id).map(({ amount }) => amount);
  const refunded = (id: string): Promise<string | undefined> =>
    eventually(
      () => statusOf(id),
      (status) => status?.includes('refunded') === true,
      15_000,
    );

  it('in time is paid back whole; late by the tenant’s part; and whole where the speaker calls it off', async () => {
    const early = await paidTalk();
    const late = await paidTalk(60);
    const dropped = await paidTalk(120);
    await cancel(listener, early);
    await cancel(listener, late);
    await cancel(speaker, dropped);
    expect(await refunded(early)).toBe('refunded');
    expect(await refunded(late)).toBe('partially_refunded');
    expect(await refunded(dropped)).toBe('refunded');
    expect([refundsOf(early), refundsOf(late), refundsOf(dropped)]).toEqual([[3_000], [1_500], [3_000]]);
  });

  it('is not paid back where the tenant pays nothing back', async () => {
    await setTerms({ refund_late_percent: 0 });
    const id = await paidTalk(180);
    await cancel(listener, id);
    await setTerms({ refund_late_percent: null });
    const row = await sql<{ refund_amount: number }>(server.database_url, 'select refund_amount from payments where matching_id = $1', [
      id,
    ]);
    expect([row[0]?.refund_amount, await statusOf(id), refundsOf(id)]).toEqual([0, 'succeeded', []]);
  });

  it('can be paid no more where it was not; paid at the last moment, it is paid back', async () => {
    const id = await book();
    await pay(listener.api, id);
    await cancel(listener, id);
    await eventually(
      () => statusOf(id),
      (status) => status === 'canceled',
      15_000,
    );
    expect(intentOf(id).status).toBe('canceled');

    const raced = await book();
    await pay(listener.api, raced);
    const paid = { ...stripe.pay(intentOf(raced).id) };
    await cancel(listener, raced);
    expect((await send(signedEvent('payment_intent.succeeded', paid))).status).toBe(200);
    expect(await refunded(raced)).toBe('refunded');
    expect(refundsOf(raced)).toEqual([3_000]);
  });

  it('is paid back when the speaker’s account ends', async () => {
    const guest = await makePerson(server.api, town, 'company');
    const json = { speaker_id: guest.id, date: minutesAhead(60), meeting_length: 5 };
    const { body } = await listener.api<{ id: string }>('/matching', { method: 'POST', json: { ...json, date: minutesAhead(30) } });
    await pay(listener.api, body.id);
    await send(signedEvent('payment_intent.succeeded', stripe.pay(intentOf(body.id).id)));
    expect((await guest.api('/user', { method: 'DELETE' })).status).toBe(200);
    expect(await refunded(body.id)).toBe('refunded');
    expect(refundsOf(body.id)).toEqual([3_000]);
  });
});

describe('without Stripe', () => {
  it('says which variable is missing', async () => {
    const bare = await startServer({ database: server.database });
    const id = await book();
    const asApi: Api = (path, init = {}) =>
      bare.api(path, { ...init, headers: { authorization: `Bearer ${listener.access_token}`, ...init.headers } });
    const asked = await pay<Refusal>(asApi, id);
    expect([asked.status, asked.body.code, asked.body.message]).toEqual([
      503,
      'PAYMENT_NOT_CONFIGURED',
      expect.stringContaining('STRIPE_SECRET_KEY'),
    ]);
    const event = signedEvent('payment_intent.succeeded', {});
    const heard = await bare.api<Refusal>('/payment/webhook', { method: 'POST', ...event });
    expect([heard.status, heard.body.message]).toEqual([503, expect.stringContaining('STRIPE_WEBHOOK_SECRET')]);
    await bare.stop();
  });

  it('believes no secret key of another one’s', async () => {
    const wrong = await startServer({
      database: server.database,
      env: { STRIPE_SECRET_KEY: 'sk_test_wrong', STRIPE_API_BASE_URL: stripe.url },
    });
    const id = await book();
    const { status, body } = await wrong.api<Refusal>('/payment', {
      method: 'POST',
      json: { matching_id: id },
      headers: { authorization: `Bearer ${listener.access_token}` },
    });
    expect([status, body.code]).toEqual([502, 'PAYMENT_FAILED']);
    expect(wrong.logs()).not.toContain('sk_test_wrong');
    await wrong.stop();
  });
});
