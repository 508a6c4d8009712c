import { AppError } from '../../../platform/errors/index.js';

/** The charsets that files come in; Excel in Japan writes the second one unless it is told otherwise. */
const CHARSETS: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  shift_jis: 'shift_jis',
  'shift-jis': 'shift_jis',
  sjis: 'shift_jis',
  'windows-31j': 'shift_jis',
  cp932: 'shift_jis',
  'euc-jp': 'euc-jp',
  'utf-16le': 'utf-16le',
};

const NOT_UTF8 = 'is not UTF-8: save it as "CSV UTF-8", or say how it is written, such as Content-Type: text/csv; charset=shift_jis';

/** The charset that a Content-Type names; UTF-8 where it names none. @throws UNSUPPORTED_MEDIA_TYPE */
export function charsetOf(content_type: string): string {
  const [, named = 'utf-8'] = /;\s*charset\s*=\s*"?([^";\s]+)"?/i.exec(content_type) ?? [];
  const charset = CHARSETS[named.toLowerCase()];
  if (!charset) throw new AppError('UNSUPPORTED_MEDIA_TYPE', { message: `The charset ${named.slice(0, 40)} is not known` });
  return charset;
}

/**
 * The text of a file as its bytes come in. @throws PAYLOAD_TOO_LARGE beyond `max_bytes`, VALIDATION_FAILED where the bytes are not of the charset
 */
export async function* textOf(bytes: AsyncIterable<Uint8Array>, charset: string, max_bytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder(charset, { fatal: true });
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > max_bytes) throw new AppError('PAYLOAD_TOO_LARGE');
    yield decoded(() => decoder.decode(chunk, { stream: true }), charset);
  }
  yield decoded(() => decoder.decode(), charset);
}

function decoded(decode: () => string, charset: string): string {
  try {
    return decode();
  } catch (cause) {
    const message = charset === 'utf-8' ? NOT_UTF8 : `is not ${charset}`;
    throw new AppError('VALIDATION_FAILED', { cause, details: [{ field: 'file', message }] });
  }
}
