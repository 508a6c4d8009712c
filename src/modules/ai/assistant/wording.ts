/** Kana, or Han characters, which nobody who writes to a phone desk in English uses. */
const JAPANESE = /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u;

export type Language = 'ja' | 'en';

/** The language to answer in: English for what has Latin letters alone, else Japanese. */
export function languageOf(text: string): Language {
  return !JAPANESE.test(text) && /[a-z]/i.test(text) ? 'en' : 'ja';
}

/** What the server itself says to callers. */
export const WORDS = {
  /** The model had nothing to say within its bounds. */
  no_reply: {
    ja: '申し訳ありません。うまくお答えできませんでした。もう一度お話しいただけますか。',
    en: 'I am sorry, I could not work out an answer. Could you say that again, please?',
  },
  no_faq: {
    ja: '申し訳ありません。登録されているFAQの中に、ご質問に合う回答が見つかりませんでした。',
    en: 'I am sorry, I found no answer to that among the registered FAQs.',
  },
  farewell: { ja: 'お電話ありがとうございました。失礼いたします。', en: 'Thank you for calling. Goodbye.' },
} as const satisfies Record<string, Record<Language, string>>;

/** What somebody says who has nothing more to ask, and nothing else. */
const FAREWELL =
  /^(?:(?:いいえ|いえ|はい|どうも|もう|以上です|大丈夫です|結構です|それでは|では|じゃあ|わかりました|ありがとう(?:ございました|ございます)?|さようなら|さよなら|失礼(?:します|いたします|しました)|切ります|終了(?:します|です)?|バイバイ|no|thanks|thank you|thats? all|that is all|goodbye|good bye|bye)[、。！!,.\s]*)+$/i;
const ENDS = /さようなら|さよなら|失礼|切ります|終了|バイバイ|以上です|ありがとうございました|bye|that'?s? (is )?all/i;

/** True where a caller takes leave. */
export function isFarewell(text: string): boolean {
  const said = text.normalize('NFKC').replaceAll("'", '').trim();
  return said.length <= 60 && FAREWELL.test(said) && ENDS.test(said);
}
