import { describe, expect, it } from '@jest/globals';
import { FAQ_SET } from '../../../../test/faq/faq-set.js';
import { fnv1a } from '../../../platform/text/index.js';
import { meaningsOf } from './faq-lexicon.js';
import { foldKana, spelled } from './faq-spelling.js';
import { TERMS_VERSION, termsOfFaq, termsOfQuestion } from './faq-terms.js';

/** What the terms of each version come to. Where this differs, stored terms do: raise TERMS_VERSION, and note the new value here. */
const FINGERPRINTS: Readonly<Record<number, number>> = { 2: 3660796786 };

const namesOf = (text: string): number[] => [...termsOfQuestion(text).keys()].sort((a, b) => a - b);

describe('the terms of FAQs', () => {
  it('are the same for one version', () => {
    const all = FAQ_SET.map(({ question, answer, tags = [] }) => [...termsOfFaq({ question, answer, tags })]);
    expect({ [TERMS_VERSION]: fnv1a(JSON.stringify(all)) }).toEqual({ [TERMS_VERSION]: FINGERPRINTS[TERMS_VERSION] });
  });

  it.each([
    ['ﾀﾊﾞｺは吸えますか', 'タバコは吸えますか'],
    ['Ｗｉ－Ｆｉ', 'wi-fi'],
    ['こども', '子供'],
    ['ちゅうしゃじょう', '駐車場'],
    ['御予約', 'お予約'],
  ])('do not depend on how %s is spelled', (one, other) => {
    expect(namesOf(one)).toEqual(namesOf(other));
  });

  it.each([
    ['取消', '取り消しの'],
    ['申込', '申し込みが'],
    ['受取', '受け取って'],
    ['預ける', '預かって'],
    ['reservation', 'reservations'],
  ])('share what %s and %s have in common', (one, other) => {
    const both = new Set(namesOf(other));
    expect(namesOf(one).filter((term) => both.has(term)).length).toBeGreaterThan(0);
  });

  it.each(['おくるまえに', 'はいるまえに', 'まっています', 'おいておくまで', 'そうじゃない', 'なにもつけない', 'わかりやすいように'])(
    'are not those of a word that %s only seems to have',
    (text) => {
      const wrong = new Set(['車', '椅子', '掃除', '荷物', '水曜'].flatMap((word) => namesOf(word)));
      expect(namesOf(text).filter((term) => wrong.has(term))).toEqual([]);
    },
  );

  it('are no meaning of how people ask at all', () => {
    for (const words of [
      '',
      'できますか',
      '大丈夫でしょうか',
      'お願いできますか',
      '教えていただけますでしょうか',
      'どうすればいいですか',
      'ってあったりしますか',
    ]) {
      expect(meaningsOf(foldKana(spelled(words)))).toEqual([]);
    }
  });

  it('are bounded, whatever the text', () => {
    const endless = FAQ_SET.map(({ question, answer }) => question + answer).join('');
    expect(termsOfFaq({ question: endless, answer: endless, tags: [endless] }).size).toBeLessThanOrEqual(400);
    expect(termsOfQuestion(endless).size).toBeLessThanOrEqual(120);
  });
});
