/** How deep an argument may be nested; a deeper one is nobody's honest wish, and what walks through it does so by recursion. */
const DEEPEST = 32;

/** Text that PostgreSQL can store: without NUL, and without halves of surrogate pairs. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed();
}

/** The same for all texts of a value that came from JSON; what is nested deeper than 32 levels is left out. */
export function storableValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEEPEST) return null;
  if (Array.isArray(value)) return value.map((item) => storableValue(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [storableText(name), storableValue(item, depth + 1)]));
}

/** What a model wrote as arguments: an object, or what is wrong with it. */
export function parseArguments(text: string, longest: number): { value: Record<string, unknown> } | { problem: string } {
  if (text.length > longest) return { problem: `The arguments are longer than ${longest} characters` };
  let value: unknown;
  try {
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    return { problem: 'The arguments are not well-formed JSON' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { problem: 'The arguments must be a JSON object' };
  if (depthOf(text) > DEEPEST) return { problem: `The arguments are nested deeper than ${DEEPEST} levels` };
  return { value: storableValue(value) as Record<string, unknown> };
}

/** An upper bound of a JSON text's depth; brackets within strings count too. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x5d || code === 0x7d) depth--;
  }
  return deepest;
}

/** A result as JSON text of at most so many characters; a longer one is cut, and says so. */
export function boundedResult(result: unknown, longest: number): { value: unknown; text: string } {
  const value = storableValue(result ?? null);
  const text = JSON.stringify(value);
  if (text.length <= longest) return { value, text };
  const cut = { is_cut: true, beginning: text.slice(0, longest).toWellFormed() };
  return { value: cut, text: JSON.stringify(cut) };
}

/** What a tool answered: a value where it is JSON of an object or a list, else the text. */
export function valueOf(content: string): unknown {
  if (!/^\s*[[{]/.test(content)) return content;
  try {
    return storableValue(JSON.parse(content));
  } catch {
    return content;
  }
}
