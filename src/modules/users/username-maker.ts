import { caseless } from '../../platform/text/index.js';

const LONGEST = 64;
const FALLBACK = 'user';

/** A username made of an email's local part: letters, digits, `.`, `_` and `-` stay. */
export function usernameFrom(email: string): string {
  const local = email.slice(0, email.lastIndexOf('@'));
  const cleaned = [...caseless(local)].filter((character) => /[\p{L}\p{N}._-]/u.test(character)).join('');
  return cut(cleaned.replace(/^[._-]+|[._-]+$/g, ''), LONGEST) || FALLBACK;
}

/** The n-th try: `taro`, `taro_2`, `taro_3` … */
export function numbered(username: string, n: number): string {
  if (n === 1) return username;
  const suffix = `_${n}`;
  return cut(username, LONGEST - suffix.length) + suffix;
}

/** The first `max` characters. */
function cut(text: string, max: number): string {
  return [...text].slice(0, max).join('');
}
