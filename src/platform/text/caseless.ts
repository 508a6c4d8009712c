/**
 * The form by which two names are one whatever their case and width: NFKC, lower case. `Ｔａｒｏ`, `TARO` and `taro` have the
 * same, `ﾀﾛｳ` and `タロウ` too.
 */
export function caseless(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}
