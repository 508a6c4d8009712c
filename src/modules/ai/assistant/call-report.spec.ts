import { describe, expect, it } from '@jest/globals';
import type { Turn } from '../../calls/index.js';
import { plainReport, readReport, reportMessages } from './call-report.js';
import { WORDS } from './wording.js';

const turn = (changes: Partial<Turn>): Turn => ({
  call_id: 'c',
  turn: 1,
  ts: '',
  user_text: null,
  ai_text: null,
  tool_calls: [],
  ...changes,
});
const task = { id: 'a', name: 'create_task', arguments: { name: 'x' }, status: 'done' as const, result: { name: '田中_1000' } };

describe("a model's report", () => {
  it.each([
    ['{"summary":"予約の電話。","outcome":"reserved"}', { summary: '予約の電話。', outcome: 'reserved' }],
    ['```json\n{"summary":" a ","outcome":"none"}\n```', { summary: 'a', outcome: 'none' }],
    ['{"summary":"a","outcome":"great"}', null],
    ['{"summary":"","outcome":"none"}', null],
    ['{"summary":1,"outcome":"none"}', null],
    ['I cannot', null],
    ['{"summary":"a"', null],
    ['', null],
  ])('%s', (text, report) => expect(readReport(text)).toEqual(report));

  it('is asked for with all that was said, of a long call its ends', () => {
    const [, script] = reportMessages([turn({ user_text: '予約したい', tool_calls: [task], ai_text: 'はい' })]);
    expect(script?.content).toBe('Caller: 予約したい\n[create_task {"name":"x"}: done]\nAssistant: はい');
    const long = reportMessages([
      turn({ user_text: 'beginning' }),
      ...Array.from({ length: 50 }, () => turn({ ai_text: 'あ'.repeat(2_000) })),
      turn({ user_text: 'end' }),
    ]);
    expect(long[1]?.content).toMatch(/^Caller: beginning[\s\S]*end$/);
    expect(long[1]?.content?.length).toBeLessThan(25_000);
  });
});

describe('a report without a model', () => {
  it.each<[string, Turn[], string]>([
    ['nothing was said', [], 'none'],
    ['something was made', [turn({ user_text: '予約', tool_calls: [task], ai_text: 'はい' })], 'reserved'],
    ['something was answered', [turn({ user_text: '営業時間は', ai_text: '10時からです' })], 'answered'],
    ['nothing was found', [turn({ user_text: '宇宙旅行', ai_text: WORDS.no_faq.ja })], 'callback'],
    ['nothing was answered', [turn({ user_text: '宇宙旅行' })], 'callback'],
  ])('where %s', (_name, turns, outcome) => expect(plainReport(turns).outcome).toBe(outcome));

  it('quotes what was said, in its language', () => {
    expect(plainReport([turn({ user_text: '予約', tool_calls: [task], ai_text: 'はい' })]).summary).toBe(
      'ご用件: 「予約」\n回答: 「はい」\n作成したタスク: 田中_1000',
    );
    expect(plainReport([turn({ user_text: 'Any parking?', ai_text: 'Yes.' })]).summary).toBe('Asked: “Any parking?”\nAnswered: “Yes.”');
  });
});
