import { describe, expect, it } from '@jest/globals';
import { isFarewell, languageOf } from './wording.js';

describe('the language of a text', () => {
  it.each([
    ['予約したいです', 'ja'],
    ['カット', 'ja'],
    ['Wi-Fiはありますか', 'ja'],
    ['Do you have Wi-Fi?', 'en'],
    ['123', 'ja'],
    ['', 'ja'],
  ])('%s → %s', (text, language) => {
    expect(languageOf(text)).toBe(language);
  });
});

describe('a farewell', () => {
  it.each([
    'さようなら',
    'ありがとうございました。失礼します。',
    'いいえ、以上です。',
    'はい、ありがとうございました',
    'Goodbye.',
    "No thanks, that's all.",
    'Thank you, bye!',
  ])('%s', (text) => expect(isFarewell(text)).toBe(true));

  it.each([
    'ありがとうございますが、営業時間は何時ですか',
    'はい',
    'ありがとう',
    '失礼ですが料金を教えてください',
    'Can I say goodbye to my data?',
    '予約を終了したい',
  ])('not %s', (text) => expect(isFarewell(text)).toBe(false));
});
