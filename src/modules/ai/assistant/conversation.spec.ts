import { describe, expect, it } from '@jest/globals';
import type { Turn } from '../../calls/index.js';
import { historyMessages, priorMessages, systemMessage } from './conversation.js';

const SITUATION = {
  prompt: '',
  tenant_name: 'サロン桜',
  timezone: 'Asia/Tokyo',
  now: new Date('2026-11-20T15:30:00.000Z'),
  phone_number: '09012345678',
  faqs: [],
};

describe('the first message', () => {
  it("tells the tenant's clock and the caller's number", () => {
    const { content } = systemMessage(SITUATION);
    expect(content).toContain('2026-11-21 (Saturday) 00:30 (Asia/Tokyo)');
    expect(content).toContain('09012345678');
    expect(content).toContain('サロン桜');
  });

  it("begins with the tenant's own prompt, and ends with the FAQs", () => {
    const { content } = systemMessage({
      ...SITUATION,
      prompt: 'あなたは桜です。',
      phone_number: null,
      faqs: [{ question: '営業時間は', answer: '10時から' }],
    });
    expect(content?.startsWith('あなたは桜です。')).toBe(true);
    expect(content?.endsWith('Q: 営業時間は\nA: 10時から')).toBe(true);
    expect(content).toContain('number is hidden');
  });
});

describe('what was said before', () => {
  const turn = (changes: Partial<Turn>): Turn => ({
    call_id: 'c',
    turn: 1,
    ts: '',
    user_text: null,
    ai_text: null,
    tool_calls: [],
    ...changes,
  });

  it('is told in its order, an answer that failed being left out', () => {
    expect(historyMessages([turn({ user_text: 'a', ai_text: 'b' }), turn({ user_text: 'c' }), turn({ ai_text: 'd' })])).toEqual([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
      { role: 'assistant', content: 'd' },
    ]);
  });

  it('is shortened where it is long', () => {
    const [message] = historyMessages([turn({ user_text: 'あ'.repeat(9_000) })]);
    expect(message?.content?.length).toBeLessThan(2_100);
  });
});

describe('a turn that is gone on with', () => {
  it('has its calls and their results', () => {
    const calls = [
      { id: 'a', name: 'reserve', arguments: { when: '10時' }, status: 'done' as const, result: '{"free":true}' },
      { id: 'b', name: 'no such!', arguments: '{broken', status: 'failed' as const, result: { error: 'no' } },
    ];
    expect(priorMessages('少々', calls)).toEqual([
      {
        role: 'assistant',
        content: '少々',
        tool_calls: [
          { id: 'a', name: 'reserve', arguments: '{"when":"10時"}' },
          { id: 'b', name: 'no_such_', arguments: '{}' },
        ],
      },
      { role: 'tool', tool_call_id: 'a', content: '{"free":true}' },
      { role: 'tool', tool_call_id: 'b', content: '{"error":"no"}' },
    ]);
    expect(priorMessages('', [])).toEqual([]);
  });
});
