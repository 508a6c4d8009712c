import { createRequire } from 'node:module';
import { caseless } from '../../platform/text/index.js';

/** What `@zxcvbn-ts/language-common` has for us: passwords that leaked most often. */
interface LanguageCommon {
  readonly dictionary: { readonly 'passwords-common': readonly string[] };
}

let known: ReadonlySet<string> | null = null;

/** True for a password that stands in the lists that guessers try first, whatever its case; shorter than `min` are left out. */
export function isCommonPassword(password: string, min: number): boolean {
  known ??= load(min);
  return known.has(caseless(password));
}

/** Read at first use: a process that registers nobody needs no dictionary. */
function load(min: number): ReadonlySet<string> {
  const { dictionary } = createRequire(import.meta.url)('@zxcvbn-ts/language-common') as LanguageCommon;
  return new Set(dictionary['passwords-common'].filter((password) => password.length >= min));
}
