/** The form by which a text is one however its characters are put together: NFC. A Mac writes が of a file's name in two characters, a keyboard in one. */
export function composed(text: string): string {
  return text.normalize('NFC');
}
