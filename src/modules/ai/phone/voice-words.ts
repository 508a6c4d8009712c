/** What the server itself says on the telephone. */
export const VOICE_WORDS = {
  greeting: (name: string): string => `お電話ありがとうございます。${name}です。ご用件をお話しください。`,
  /** The caller said nothing. */
  silence: 'お声が聞き取れませんでした。もう一度お話しください。',
  /** The caller said nothing again and again. */
  silent_end: 'お声が聞き取れませんでしたので、失礼いたします。お電話ありがとうございました。',
  /** The answer takes a while. */
  moment: '少々お待ちください。',
  /** A turn came to nothing. */
  failure: '申し訳ありません。うまくお答えできませんでした。もう一度お話しください。',
  /** Several did. */
  failure_end: '申し訳ありません。ただいま応対できません。お手数ですが、しばらくしてからおかけ直しください。',
} as const;
