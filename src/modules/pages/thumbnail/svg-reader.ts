import { Parser } from 'htmlparser2';

/** A drawing that may be drawn, and how large it says that it is. */
export interface Drawing {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

const LARGEST = 200_000;
/** Six such drawings, each of its shapes as large as the picture, take some five seconds. */
const MOST_ELEMENTS = 400;
const DEEPEST = 40;
const DEFAULT_SIZE = { width: 300, height: 150 };

/** Shapes and what they are painted with. Nothing that runs, is fetched, repeats others, or costs out of proportion (filters, masks, patterns). */
const ELEMENTS = byLowerCase(
  'svg g a switch path rect circle ellipse line polyline polygon defs linearGradient radialGradient stop clipPath style',
);
const ATTRIBUTES = byLowerCase(
  'id class style transform d points x y x1 y1 x2 y2 cx cy r rx ry fx fy width height viewBox preserveAspectRatio offset gradientUnits ' +
    'gradientTransform spreadMethod clipPathUnits clip-path clip-rule fill fill-opacity fill-rule stroke stroke-width stroke-opacity ' +
    'stroke-linecap stroke-linejoin stroke-miterlimit stop-color stop-opacity opacity color display visibility',
);
/** Of the root these are written anew. */
const OF_ROOT = new Set(['width', 'height', 'viewBox']);
/** Whatever refers to more than a part of the same drawing, hides words from this look, or makes very many strokes out of one. */
const REFUSED = /url\s*\((?!\s*["']?#[\w-]+["']?\s*\))|[@\\<]|dash|filter|mask|marker|image|src/i;

/** Reads an untrusted SVG document into one of known shapes alone; null where there is none in it. */
export function readSvg(text: string): Drawing | null {
  if (text.length > LARGEST) return null;
  const writer = new SvgWriter();
  const parser = new Parser(
    {
      onopentag: (name, attributes) => writer.open(name, attributes),
      onclosetag: () => writer.close(),
      ontext: (words) => writer.text(words),
    },
    { decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: true, recognizeSelfClosing: true },
  );
  parser.end(text);
  return writer.result();
}

/** Writes a drawing from the elements of an SVG as a parser of HTML tells them, the root first. */
export class SvgWriter {
  private readonly parts: string[] = [];
  /** The names of open elements; null for one that is left out, with all that is in it. */
  private readonly stack: Array<string | null> = [];
  private root: Record<string, string> | null = null;
  private elements = 0;
  private length = 0;

  /** True once the root has been closed. */
  get is_whole(): boolean {
    return this.root !== null && this.stack.length === 0;
  }

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.is_whole || (this.root === null && name !== 'svg')) return;
    const known = ELEMENTS.get(name.toLowerCase());
    const is_left_out =
      this.stack.at(-1) === null || known === undefined || this.stack.length >= DEEPEST || ++this.elements > MOST_ELEMENTS;
    this.stack.push(is_left_out ? null : known);
    if (is_left_out) return;
    const is_root = this.root === null;
    this.root ??= Object.fromEntries(Object.entries(attributes).map(([attribute, value]) => [attribute.toLowerCase(), value]));
    let tag = is_root ? '' : `<${known}`;
    for (const [given, value] of Object.entries(attributes)) {
      const attribute = ATTRIBUTES.get(given.toLowerCase());
      if (attribute === undefined || (is_root && OF_ROOT.has(attribute)) || REFUSED.test(value)) continue;
      tag += ` ${attribute}="${escaped(value)}"`;
    }
    this.add(`${tag}>`);
  }

  text(words: string): void {
    if (this.stack.at(-1) === 'style' && !REFUSED.test(words)) this.add(escaped(words));
  }

  close(): void {
    if (this.stack.length === 0) return;
    const name = this.stack.pop();
    if (name != null) this.add(`</${name}>`);
  }

  /** The drawing, in the size that it says it has; null where it is no drawing, or too long. */
  result(): Drawing | null {
    if (this.root === null || this.length > LARGEST || this.elements < 2) return null;
    while (this.stack.length > 0) this.close();
    const box = boxOf(this.root['viewbox']);
    const [said_width, said_height] = [lengthOf(this.root['width']), lengthOf(this.root['height'])];
    const natural = box ?? { width: said_width ?? DEFAULT_SIZE.width, height: said_height ?? DEFAULT_SIZE.height, x: 0, y: 0 };
    const ratio = natural.width / natural.height;
    const width = said_width ?? (said_height === null ? natural.width : said_height * ratio);
    const height = said_height ?? width / ratio;
    if (!isSize(width) || !isSize(height)) return null;
    const view = `${natural.x} ${natural.y} ${natural.width} ${natural.height}`;
    return {
      svg: `<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%" viewBox="${view}"${this.parts.join('')}`,
      width,
      height,
    };
  }

  private add(part: string): void {
    this.length += part.length;
    if (this.length <= LARGEST) this.parts.push(part);
  }
}

function boxOf(value: string | undefined): { x: number; y: number; width: number; height: number } | null {
  const [x = Number.NaN, y = Number.NaN, width = Number.NaN, height = Number.NaN] = (value ?? '')
    .trim()
    .split(/[\s,]+/)
    .map(Number);
  return [x, y].every((number) => Math.abs(number) < 1e6) && isSize(width) && isSize(height) ? { x, y, width, height } : null;
}

function lengthOf(value: string | undefined): number | null {
  const number = /^\s*(\d+(?:\.\d+)?)(?:px)?\s*$/.exec(value ?? '')?.[1];
  return number === undefined ? null : Number(number);
}

function isSize(number: number): boolean {
  return number >= 0.01 && number < 1e6;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function byLowerCase(names: string): ReadonlyMap<string, string> {
  return new Map(names.split(/\s+/).map((name) => [name.toLowerCase(), name]));
}
