/** Declarations by their names in camel case, as the layout engine takes them. */
export type Style = Record<string, string | number>;

/** Declarations that a thumbnail shows; all others are left out. */
const SHOWN = new Set(
  [
    'color background background-color background-image opacity display visibility overflow position top right bottom left inset',
    'text-align text-indent text-decoration text-decoration-color text-decoration-line text-transform text-shadow white-space word-break',
    'font font-size font-weight font-style line-height letter-spacing vertical-align direction list-style list-style-type',
    'width height min-width min-height max-width max-height box-sizing aspect-ratio box-shadow border-radius object-fit',
    'flex flex-direction flex-wrap flex-grow flex-shrink flex-basis justify-content align-items align-self align-content gap row-gap column-gap',
    'grid-template-columns grid-column order',
  ]
    .join(' ')
    .split(' '),
);
const SHOWN_FAMILIES = /^(margin|padding|border)(-|$)/;
const MOST_DECLARATIONS = 40;
const LONGEST_VALUE = 200;

/**
 * What no value may have: escapes (which hide words), anything that is fetched, and numbers so large that only the layout engine would
 * be busy with them.
 */
const REFUSED = /\\|url|image-set|src\s*\(|element\s*\(|expression|javascript|@|[<>{}]|\d{5,}|(?<![\w#])[\d.]+e[+-]?\d|var\s*\(/i;
const HEX_COLOUR = /#[\da-f]{3,8}\b/gi;

/** A background that stands in the declaration itself: all that may stand there of a picture. */
const BACKGROUND =
  /(?:^|;)\s*background(?:-image)?\s*:[^;(]*url\(\s*(?:"(data:image\/[^"]+)"|'(data:image\/[^']+)'|(data:image\/[^"'()\s]+))\s*\)[^;]*/i;

/** The data URL of a `style` attribute's background; null where there is none. */
export function backgroundOf(text: string): string | null {
  const found = text.includes('data:image/') ? BACKGROUND.exec(text) : null;
  return found?.[1] ?? found?.[2] ?? found?.[3] ?? null;
}

/** The declarations of a `style` attribute that a thumbnail shows. */
export function inlineStyleOf(text: string): Style {
  const style: Style = {};
  if (text === '') return style;
  for (const declaration of withoutComments(text.replace(BACKGROUND, '').slice(0, 8_000)).split(';').slice(0, MOST_DECLARATIONS)) {
    const colon = declaration.indexOf(':');
    if (colon === -1) continue;
    const name = declaration.slice(0, colon).trim().toLowerCase();
    const value = declaration
      .slice(colon + 1)
      .replace(/!\s*important\s*$/i, '')
      .trim();
    if (!isShown(name) || value === '' || value.length > LONGEST_VALUE || REFUSED.test(value.replaceAll(HEX_COLOUR, ''))) continue;
    style[camelCase(name)] = value;
  }
  return style;
}

/**
 * The rules of a page's own stylesheets, as far as they may be drawn: plain rules alone, one level deep. What is between them (at-rules,
 * imports, nested rules) goes.
 */
export function stylesheetOf(text: string): string {
  const rules: string[] = [];
  let depth = 0;
  let start = 0;
  let head = '';
  const source = withoutComments(text);
  for (let at = 0; at < source.length; at++) {
    const character = source[at];
    if (character === '{') {
      if (depth === 0) {
        head = source.slice(start, at).trim();
        start = at + 1;
      } else head = '';
      depth += 1;
    } else if (character === '}') {
      depth -= 1;
      if (depth === 0 && isPlainSelector(head)) rules.push(ruleOf(head, source.slice(start, at)));
      if (depth < 0) break;
      if (depth === 0) start = at + 1;
    } else if (character === ';' && depth === 0) start = at + 1;
  }
  return rules
    .filter((rule) => rule !== '')
    .slice(0, 200)
    .join('\n');
}

function ruleOf(selector: string, body: string): string {
  const declarations = Object.entries(inlineStyleOf(body)).map(([name, value]) => `${kebabCase(name)}:${value}`);
  if (declarations.length === 0) return '';
  // The page's root stands for its body.
  const drawn = selector.replaceAll(/(^|[\s,>])(?:html|body)(?![\w-])/gi, '$1#page').replaceAll(':root', '#page');
  return `${drawn}{${declarations.join(';')}}`;
}

function isPlainSelector(selector: string): boolean {
  return selector.length > 0 && selector.length <= 200 && /^[\w\s.#>,+~*:()-]+$/.test(selector) && (selector.match(/:/g)?.length ?? 0) < 4;
}

function isShown(name: string): boolean {
  return SHOWN.has(name) || SHOWN_FAMILIES.test(name);
}

function withoutComments(text: string): string {
  return text.includes('/*') ? text.replaceAll(/\/\*[^]*?(?:\*\/|$)/g, ' ') : text;
}

function camelCase(name: string): string {
  return name.replaceAll(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
