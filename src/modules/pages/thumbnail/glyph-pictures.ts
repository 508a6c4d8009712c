/*
 * The packaged font has Japanese and the alphabets of Europe. What it has not is drawn by hand: the emoji that pages use most as what they
 * are, the others as a coloured dot, and writing in other scripts as the bars that stand for text in small.
 */

/** Characters of scripts that the font has nothing of, with the marks that belong to them. */
export const UNKNOWN_SCRIPT =
  /[^\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Bopomofo}\p{sc=Common}\p{sc=Inherited}]\p{M}*/gu;
/** What stands in their place; drawn as {@link unknownGlyphPicture}. */
export const UNKNOWN_GLYPH = '\ue000';

const heart = (color: string): string =>
  `<path fill="${color}" d="M18 31C8 23 3 18 3 12a7.5 7.5 0 0 1 15-2 7.5 7.5 0 0 1 15 2c0 6-5 11-15 19z"/>`;
const dot = (color: string): string => `<circle cx="18" cy="18" r="15" fill="${color}"/>`;
const square = (color: string): string => `<rect x="3" y="3" width="30" height="30" rx="6" fill="${color}"/>`;
const stroke = (d: string, color = '#fff', width = 4): string =>
  `<path d="${d}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round"/>`;
const EYES = '<ellipse cx="12.5" cy="14" rx="2" ry="3" fill="#5d4037"/><ellipse cx="23.5" cy="14" rx="2" ry="3" fill="#5d4037"/>';
const face = (mouth: string): string => `${dot('#ffcc33')}${EYES}${mouth}`;
const SMILE = face(stroke('M10 21q8 9 16 0', '#5d4037', 3));
const star = '<path fill="#ffb300" d="M18 3l4.6 9.8 10.4 1.3-7.7 7.2 2 10.6L18 26.7 8.7 31.9l2-10.600L3 14.1l10.4-1.300z"/>';

const FLAG =
  '<rect x="3" y="8" width="30" height="20" rx="2" fill="#eceff1" stroke="#b0bec5" stroke-width="1.5"/><circle cx="18" cy="18" r="6" fill="#e53935"/>';
const PERSON = '<circle cx="18" cy="11" r="8" fill="#ffcc33"/><path fill="#5c8ee6" d="M3 34a15 13 0 0 1 30 0z"/>';

const DRAWN: Record<string, string> = {
  '❤': heart('#e53935'),
  '♥': heart('#e53935'),
  '🧡': heart('#fb8c00'),
  '💛': heart('#fdd835'),
  '💚': heart('#43a047'),
  '💙': heart('#1e88e5'),
  '💜': heart('#8e24aa'),
  '🖤': heart('#263238'),
  '💕': heart('#ec407a'),
  '💖': heart('#ec407a'),
  '⭐': star,
  '🌟': star,
  '✨': '<path fill="#ffb300" d="M15 4l3 9 9 3-9 3-3 9-3-9-9-3 9-3zM28 20l1.5 4.5L34 26l-4.5 1.5L28 32l-1.5-4.5L22 26l4.5-1.5z"/>',
  '✅': square('#43a047') + stroke('M10 19l6 6 11-13'),
  '✔': stroke('M6 19l8 8L30 8', '#43a047', 5),
  '❌': stroke('M8 8l20 20M28 8L8 28', '#e53935', 5),
  '⚠': '<path fill="#ffb300" d="M18 3l16 29H2z"/>' + stroke('M18 13v9M18 27v.1', '#263238', 3.5),
  '☀': dot('#ffb300'),
  '🌙': '<path fill="#fdd835" d="M23 3a15 15 0 1 0 9 23A14 14 0 0 1 23 3z"/>',
  '🌸': `<g fill="#f48fb1">${[0, 72, 144, 216, 288].map((turn) => `<ellipse cx="18" cy="10" rx="6" ry="8" transform="rotate(${turn} 18 18)"/>`).join('')}</g><circle cx="18" cy="18" r="3.5" fill="#fff59d"/>`,
  '🎉': '<path fill="#ffb300" d="M4 33l9-22 13 13z"/><circle cx="25" cy="9" r="2.5" fill="#e53935"/><circle cx="31" cy="17" r="2" fill="#1e88e5"/><circle cx="17" cy="5" r="2" fill="#43a047"/>',
  '🔥': '<path fill="#f4511e" d="M18 2c2 7 11 10 11 20a11 11 0 0 1-22 0c0-6 4-8 5-13 2 1 3 3 4 5 2-3 3-7 2-12z"/>',
  '💡': '<circle cx="18" cy="14" r="11" fill="#fdd835"/><rect x="13" y="26" width="10" height="7" rx="2" fill="#90a4ae"/>',
  '📞': square('#43a047') + stroke('M12 11q-2 12 13 14', '#fff', 5),
  '📅': square('#eceff1') + '<rect x="3" y="3" width="30" height="9" rx="4" fill="#e53935"/>',
  '📌': stroke('M18 20v12', '#90a4ae', 3) + '<circle cx="18" cy="12" r="9" fill="#e53935"/>',
  '👍': '<path fill="#ffcc33" d="M4 17h6v15H4zM12 17l6-13c4 0 4 4 3 9h9c3 0 4 3 3 5l-3 11c-.5 2-2 3-4 3H12z"/>',
  '😢': face(stroke('M11 26q7-7 14 0', '#5d4037', 3) + '<ellipse cx="26" cy="23" rx="2.5" ry="4" fill="#29b6f6"/>'),
  '😭': face(
    stroke('M11 27q7-8 14 0', '#5d4037', 3) +
      '<rect x="10" y="17" width="5" height="14" fill="#29b6f6"/><rect x="21" y="17" width="5" height="14" fill="#29b6f6"/>',
  ),
  '😂': face(
    '<path d="M9 19h18q-2 11-9 11t-9-11z" fill="#5d4037"/><ellipse cx="6" cy="19" rx="3" ry="4" fill="#29b6f6"/><ellipse cx="30" cy="19" rx="3" ry="4" fill="#29b6f6"/>',
  ),
  '😍': `${dot('#ffcc33')}<g transform="translate(5 7) scale(.35)">${heart('#e53935')}</g><g transform="translate(18.5 7) scale(.35)">${heart('#e53935')}</g>${stroke('M10 23q8 8 16 0', '#5d4037', 3)}`,
};

const DOTS = ['#ef6c57', '#f2a33a', '#7cb342', '#26a69a', '#42a5f5', '#7e57c2', '#ec407a', '#8d6e63'];

function svg(body: string, width = 36): string {
  const text = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} 36" width="${width}" height="36">${body}</svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(text).toString('base64')}`;
}

/** A picture of an emoji, whatever its variations: skin, joiners, presentation. */
export function emojiPicture(emoji: string): string {
  const first = emoji.codePointAt(0) ?? 0;
  const drawn = DRAWN[String.fromCodePoint(first)];
  if (drawn !== undefined) return svg(drawn);
  if (isFace(first)) return svg(SMILE);
  if (isFlag(first)) return svg(FLAG);
  if (isPerson(first)) return svg(PERSON);
  return svg(dot(DOTS[first % DOTS.length] as string));
}

/** What stands for writing that the font has no shapes of. */
export function unknownGlyphPicture(): string {
  return svg('<rect x="1" y="13" width="20" height="14" rx="3" fill="#94a3b8" opacity=".6"/>', 22);
}

function isFlag(code: number): boolean {
  return (code >= 0x1f1e6 && code <= 0x1f1ff) || code === 0x1f3f3 || code === 0x1f3f4 || code === 0x1f6a9;
}

function isPerson(code: number): boolean {
  return (code >= 0x1f464 && code <= 0x1f478) || (code >= 0x1f645 && code <= 0x1f64e) || (code >= 0x1f9cd && code <= 0x1f9dd);
}

function isFace(code: number): boolean {
  return (
    (code >= 0x1f600 && code <= 0x1f644) ||
    (code >= 0x1f910 && code <= 0x1f917) ||
    (code >= 0x1f920 && code <= 0x1f92f) ||
    (code >= 0x1f970 && code <= 0x1f97a) ||
    code === 0x263a ||
    code === 0x1f642
  );
}
