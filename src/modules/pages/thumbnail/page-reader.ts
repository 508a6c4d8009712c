import { Parser } from 'htmlparser2';
import { UNKNOWN_GLYPH, UNKNOWN_SCRIPT } from './glyph-pictures.js';
import { backgroundOf, inlineStyleOf, type Style, stylesheetOf } from './page-style.js';
import { type Drawing, SvgWriter } from './svg-reader.js';

/** An element for the layout engine, which takes what React's elements look like. */
export interface Element {
  type: string;
  readonly props: {
    style: Style;
    className?: string;
    id?: string;
    children: Child[];
    src?: string;
    width?: number;
    height?: number;
    start?: number;
  };
}

export type Child = Element | string;

/** An image that stands in the page, as a data URL or as a drawing of shapes; drawn once it has been made small. */
export interface Picture {
  readonly element: Element;
  readonly source: string | Drawing;
  /** Behind the element's content, rather than in its place. */
  readonly is_background?: boolean;
}

/** What the top of a page says. */
export interface ReadPage {
  readonly root: Element;
  readonly stylesheet: string;
  readonly pictures: readonly Picture[];
}

/** A thumbnail shows a few hundred characters; what comes after these is never seen, so it is not read either. */
const MOST_CHARACTERS = 1_500;
const MOST_ELEMENTS = 300;
const DEEPEST = 24;
/** Tags of whatever kind, and how many may be open at a time, before the rest is left unread: a parser's work grows with both. */
const MOST_TAGS = 5_000;
const MOST_OPEN = 250;
const MOST_PICTURES = 6;
const LONGEST_PICTURE = 3_000_000;
const LONGEST_STYLESHEETS = 20_000;
/** So many characters at a time, so that reading ends soon after enough is known. */
const CHUNK = 16_384;

/** Elements whose content is not the page's text. */
const UNSEEN = new Set(['script', 'style', 'template', 'title', 'noscript', 'iframe', 'object', 'embed', 'math', 'canvas', 'audio']);
const FORMS = new Set([
  'select',
  'textarea',
  'input',
  'datalist',
  'option',
  'optgroup',
  'progress',
  'meter',
  'link',
  'meta',
  'base',
  'head',
]);
/** Elements that the layout engine knows by their own defaults. */
const KNOWN = new Set(
  'a b blockquote code del em h1 h2 h3 h4 h5 h6 hr i ins li mark ol p pre s small span strong sub sup u ul div br dl dt dd'.split(' '),
);
const INLINE = new Set('abbr acronym bdi bdo big cite data dfn font kbd label output q rp rt ruby samp strike time tt var wbr'.split(' '));

const LINK: Style = { color: '#1d4ed8', textDecoration: 'underline' };
/** Of what has a pale ground of its own, whatever the colour of what is around it. */
const INK = '#1f2937';
const CODE: Style = { backgroundColor: '#eef0f3', borderRadius: 3, color: INK };

/** What elements look like that the engine has no defaults for, or none that read well in small. */
const LOOKS: Record<string, Style> = {
  a: LINK,
  blockquote: { borderLeft: '4px solid #cbd5e1', paddingLeft: 12, margin: '12px 0', color: '#475569' },
  button: { display: 'inline-block', backgroundColor: '#e5e7eb', borderRadius: 6, padding: '4px 12px', color: INK },
  center: { textAlign: 'center' },
  code: CODE,
  hr: { border: 'none', borderTop: '2px solid #cbd5e1', margin: '12px 0' },
  kbd: CODE,
  mark: { backgroundColor: '#fde68a', color: INK },
  pre: { backgroundColor: '#eef0f3', color: INK, padding: 8, borderRadius: 6, whiteSpace: 'pre-wrap', margin: '12px 0' },
  table: { display: 'flex', flexDirection: 'column', margin: '12px 0', border: '1px solid #cbd5e1' },
  tr: { display: 'flex', flexDirection: 'row' },
  td: { display: 'block', flex: '1 1 0', padding: '4px 8px', border: '1px solid #e2e8f0', minWidth: 0 },
  th: {
    display: 'block',
    flex: '1 1 0',
    padding: '4px 8px',
    border: '1px solid #e2e8f0',
    minWidth: 0,
    fontWeight: 700,
    backgroundColor: '#f1f5f9',
    color: INK,
  },
  caption: { display: 'block', textAlign: 'center', padding: 4 },
};
const BOLD = new Set(['b', 'strong', 'th', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'dt']);

const PLACEHOLDER: Style = { backgroundColor: '#dbe3ec', borderRadius: 6 };

interface Attributes {
  readonly [name: string]: string;
}

/**
 * Reads untrusted HTML into a small tree of known elements: no script, no URL, nothing that is fetched, and no more than a thumbnail
 * shows. It costs a walk through the text at most, whatever stands in it.
 */
export function readPage(html: string): ReadPage {
  return new PageReader().read(html);
}

class PageReader {
  private readonly root: Element = { type: 'div', props: { style: {}, children: [] } };
  /** Open elements; null for one that is not drawn by itself. */
  private readonly stack: Array<Element | null> = [this.root];
  /** The innermost of them that is drawn. */
  private parent = this.root;
  private readonly pictures: Picture[] = [];
  private stylesheet = '';
  /** The drawing that is being read, and the element that stands for it. */
  private drawing: { readonly writer: SvgWriter; readonly element: Element; readonly depth: number } | null = null;
  /** How many elements are open within one that is not seen. */
  private unseen = 0;
  private in_style = false;
  private elements = 0;
  private tags = 0;
  private characters = 0;
  private has_markup = false;

  read(html: string): ReadPage {
    const parser = new Parser(
      {
        onopentag: (name, attributes) => this.open(name, attributes),
        onclosetag: () => this.close(),
        ontext: (text) => this.text(text),
      },
      { decodeEntities: true, lowerCaseTags: true, lowerCaseAttributeNames: true, recognizeSelfClosing: false },
    );
    for (let at = 0; at < html.length && !this.is_full; at += CHUNK) parser.write(html.slice(at, at + CHUNK));
    if (!this.is_full) parser.end();
    this.endDrawing();
    // What has no markup is text as somebody typed it.
    if (!this.has_markup) this.root.props.style['whiteSpace'] = 'pre-wrap';
    return { root: this.root, stylesheet: stylesheetOf(this.stylesheet), pictures: this.pictures };
  }

  private get is_full(): boolean {
    const { elements, characters, tags, stack } = this;
    return elements >= MOST_ELEMENTS || characters >= MOST_CHARACTERS || tags >= MOST_TAGS || stack.length > MOST_OPEN;
  }

  private open(name: string, attributes: Attributes): void {
    this.has_markup = true;
    this.tags += 1;
    this.stack.push(null);
    if (this.drawing) return this.drawing.writer.open(name, attributes);
    if (this.unseen > 0 || UNSEEN.has(name)) {
      this.in_style = this.unseen === 0 && name === 'style';
      this.unseen += 1;
      return;
    }
    const style = inlineStyleOf(attributes['style'] ?? '');
    if (style['display'] === 'none' || attributes['hidden'] !== undefined) {
      this.unseen += 1;
      return;
    }
    if (name === 'html' || name === 'body') return this.wear(name, style, attributes);
    if (FORMS.has(name) || this.stack.length > DEEPEST || this.is_full) return;
    const element = this.make(name, style, attributes);
    this.elements += 1;
    this.parent.props.children.push(element);
    if (name === 'svg') {
      this.drawing = { writer: new SvgWriter(), element, depth: this.stack.length };
      return this.drawing.writer.open(name, attributes);
    }
    if (name === 'img' || name === 'video' || name === 'br' || name === 'hr') return;
    this.stack[this.stack.length - 1] = element;
    this.parent = element;
  }

  private close(): void {
    if (this.stack.length === 1) return;
    if (this.drawing) {
      this.drawing.writer.close();
      if (this.stack.length <= this.drawing.depth) this.endDrawing();
    }
    const element = this.stack.pop();
    if (this.unseen > 0) {
      this.unseen -= 1;
      this.in_style = false;
      return;
    }
    if (element) this.parent = this.stack.findLast((open) => open !== null) ?? this.root;
  }

  /** A drawing that was read to its end is one of the page's pictures. */
  private endDrawing(): void {
    if (!this.drawing) return;
    const { writer, element } = this.drawing;
    this.drawing = null;
    const source = this.pictures.length < MOST_PICTURES ? writer.result() : null;
    if (source) this.pictures.push({ element, source });
  }

  private text(text: string): void {
    if (this.drawing) return this.drawing.writer.text(text);
    if (this.in_style) {
      if (this.stylesheet.length < LONGEST_STYLESHEETS) this.stylesheet += text;
      return;
    }
    if (this.unseen > 0 || text === '') return;
    // Cut by characters, so that none is halved.
    const left = MOST_CHARACTERS - this.characters;
    const words = text.slice(0, Math.max(0, left * 4)).replaceAll(/[ \t\n\f\r]{64,}/g, ' ');
    const kept = words.length > left ? [...words].slice(0, left).join('') : words;
    if (kept === '') return;
    this.characters += kept.trim().length;
    this.parent.props.children.push(kept.replaceAll(UNKNOWN_SCRIPT, UNKNOWN_GLYPH));
  }

  /** What the whole page wears stands on the root. */
  private wear(name: string, style: Style, attributes: Attributes): void {
    Object.assign(this.root.props.style, attributeStyle(attributes), style);
    if (name === 'body') {
      if (attributes['class']) this.root.props.className = attributes['class'].slice(0, 200);
      if (attributes['id']) this.root.props.id = attributes['id'].slice(0, 100);
    }
  }

  private make(name: string, style: Style, attributes: Attributes): Element {
    if (name === 'svg') return this.sized(style, attributes);
    if (name === 'img' || name === 'video') return this.image(style, attributes);
    const type = KNOWN.has(name) ? name : INLINE.has(name) ? 'span' : 'div';
    const own = { ...attributeStyle(attributes), ...style };
    const worn: Style = { ...(BOLD.has(name) ? { fontWeight: 700 } : {}), ...LOOKS[name], ...own };
    // The ink is for the ground that comes with it.
    if (('background' in own || 'backgroundColor' in own) && !('color' in own) && worn['color'] === INK) delete worn['color'];
    const element: Element = { type, props: { style: worn, children: [] } };
    const background = backgroundOf(attributes['style'] ?? '');
    if (background !== null && background.length <= LONGEST_PICTURE && this.pictures.length < MOST_PICTURES) {
      this.pictures.push({ element, source: background, is_background: true });
    }
    if (attributes['class']) element.props.className = attributes['class'].slice(0, 200);
    if (attributes['id']) element.props.id = attributes['id'].slice(0, 100);
    const start = Number(attributes['start']);
    if (name === 'ol' && Number.isInteger(start) && Math.abs(start) < 10_000) element.props.start = start;
    return element;
  }

  private image(style: Style, attributes: Attributes): Element {
    const element = this.sized(style, attributes);
    const src = attributes['src'] ?? '';
    if (src.startsWith('data:') && src.length <= LONGEST_PICTURE && this.pictures.length < MOST_PICTURES) {
      this.pictures.push({ element, source: src });
    } else placehold(element);
    return element;
  }

  private sized(style: Style, attributes: Attributes): Element {
    const width = lengthOf(attributes['width']);
    const height = lengthOf(attributes['height']);
    const element: Element = { type: 'div', props: { style: { ...style }, children: [] } };
    if (width !== null) element.props.width = width;
    if (height !== null) element.props.height = height;
    return element;
  }
}

/** Makes an element the box where an image would be: nothing is fetched. */
export function placehold({ props }: Element): void {
  const { width = 240, height = Math.round(width * 0.5) } = props;
  props.style = { display: 'inline-block', width, height, maxWidth: '100%', ...PLACEHOLDER, ...props.style };
}

function attributeStyle(attributes: Attributes): Style {
  const { align, bgcolor, color } = attributes;
  const words = [
    align && /^(left|right|center|justify)$/i.test(align) ? `text-align:${align}` : '',
    bgcolor ? `background-color:${bgcolor}` : '',
    color ? `color:${color}` : '',
  ];
  return align || bgcolor || color ? inlineStyleOf(words.join(';')) : {};
}

function lengthOf(value: string | undefined): number | null {
  const number = value === undefined ? Number.NaN : Number.parseInt(value, 10);
  return number > 0 && number < 10_000 && !value?.includes('%') ? number : null;
}
