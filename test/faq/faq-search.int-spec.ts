import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeTenant, type TestUser } from '../support/client.js';
import { startServer, type TestServer } from '../support/server.js';
import { type FaqCase, FAQ_SET } from './faq-set.js';

/* How well FAQs are found without a model, by what callers say in words of their own. */

let server: TestServer;
let owner: TestUser;

beforeAll(async () => {
  server = await startServer();
  owner = await makeTenant(server.api);
  for (const { question, answer, tags } of FAQ_SET) await owner.api('/faq', { method: 'POST', json: { question, answer, tags } });
}, 60_000);

afterAll(async () => {
  await server.stop();
});

async function places(cases: readonly FaqCase[]): Promise<Array<{ asked: string; place: number }>> {
  const found: Array<{ asked: string; place: number }> = [];
  for (const { question, asked } of cases) {
    for (const words of asked) {
      const { body } = await owner.api<Array<{ question: string }>>(`/faqs?limit=10&q=${encodeURIComponent(words)}`);
      found.push({ asked: words, place: body.findIndex((faq) => faq.question === question) });
    }
  }
  return found;
}

describe('FAQs that are asked for in other words', () => {
  it('are among the first three in nine of ten cases', async () => {
    expect(FAQ_SET.length).toBeGreaterThanOrEqual(60);
    const found = await places(FAQ_SET);
    const share = found.filter(({ place }) => place >= 0 && place < 3).length / found.length;
    expect(share).toBeGreaterThanOrEqual(0.9);
  });
});
