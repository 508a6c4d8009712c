import { describe, expect, it } from '@jest/globals';
import type { WhisperAnswer, WhisperSegment } from '../../../integrations/llm/index.js';
import { assemble } from './transcript-text.js';

const segment = (start: number, text: string, no_speech_prob: number | null = 0.01): WhisperSegment => ({
  start,
  end: start + 2,
  text,
  no_speech_prob,
});
const answer = (segments: WhisperSegment[], language: string | null = 'japanese'): WhisperAnswer => ({
  text: segments.map(({ text }) => text).join(''),
  segments,
  language,
  duration_seconds: 60,
});

describe('the text of a recording', () => {
  it('is what was said, without what the model made of silence', () => {
    const said = answer([segment(0, 'ご視聴ありがとうございました', 0.93), segment(4, '予約をしたいのですが'), segment(8, '。', 0.6)]);
    expect(assemble([{ start_seconds: 0, answer: said }])).toEqual({
      text: '予約をしたいのですが',
      segments: [{ start: 4, end: 6, text: '予約をしたいのですが' }],
      language: 'japanese',
    });
  });

  it('is empty where nothing was said', () => {
    const silence = answer([segment(0, 'Thanks for watching!', 0.97)]);
    expect(assemble([{ start_seconds: 0, answer: silence }])).toEqual({ text: '', segments: [], language: 'japanese' });
  });

  it('counts time over all parts, and keeps the spaces between words', () => {
    const parts = [
      { start_seconds: 0, answer: answer([segment(0, ' Hello'), segment(2.004, ' there.')], 'english') },
      { start_seconds: 1_200.02, answer: answer([segment(1.5, ' Bye.')], 'english') },
    ];
    expect(assemble(parts)).toEqual({
      text: 'Hello there.\nBye.',
      segments: [
        { start: 0, end: 2, text: 'Hello' },
        { start: 2, end: 4, text: 'there.' },
        { start: 1_201.52, end: 1_203.52, text: 'Bye.' },
      ],
      language: 'english',
    });
  });

  it('takes the text as it is where the model cuts nothing, and what cannot be kept out of it', () => {
    const plain: WhisperAnswer = { text: ' は\0い\uD800 ', segments: [], language: null, duration_seconds: null };
    expect(assemble([{ start_seconds: 0, answer: plain }])).toEqual({ text: 'はい\uFFFD', segments: [], language: null });
  });
});
