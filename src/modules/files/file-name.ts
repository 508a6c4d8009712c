/** What a file is called that has no name of its own. */
const NAMELESS = 'file';
/** In bytes of UTF-8: what the file systems of today take. */
const LONGEST_NAME_BYTES = 255;
const LONGEST_ENDING = 20;

/** Control characters, and marks that make a name read otherwise than it is: directions, joiners, byte order. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** What some system takes for something else than a part of a name. */
const RESERVED = /[<>:"|?*]/g;
/** Devices of Windows, whatever the ending. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i;

/**
 * A name as it is safe to save under: without folders, control characters and marks of direction, of 255 bytes at most with its ending kept.
 * Letters of every script stay as they are.
 */
export function safeName(given: string | undefined): string {
  const last = (given ?? '').split(/[/\\]/).at(-1) ?? '';
  const name = last
    .toWellFormed()
    .normalize('NFC')
    .replace(INVISIBLE, '')
    .replace(RESERVED, '_')
    .replace(/\s+/gu, ' ')
    // Windows drops dots and spaces at the end, so that another name would come out.
    .replace(/^[ ]+|[ .]+$/g, '');
  if (name === '') return NAMELESS;
  return shortened(DEVICE.test(name) ? `_${name}` : name);
}

function shortened(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST_NAME_BYTES) return name;
  const dot = name.lastIndexOf('.');
  const ending = dot > 0 && name.length - dot <= LONGEST_ENDING ? name.slice(dot) : '';
  let room = LONGEST_NAME_BYTES - Buffer.byteLength(ending);
  let stem = '';
  for (const character of name.slice(0, name.length - ending.length)) {
    room -= Buffer.byteLength(character);
    if (room < 0) break;
    stem += character;
  }
  return `${stem.trimEnd()}${ending}`;
}
