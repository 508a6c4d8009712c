import sharp from 'sharp';
import { type Element, type Picture, placehold } from './page-reader.js';
import { type Drawing, readSvg } from './svg-reader.js';

/** The page as it is laid out; the picture is two thirds of it, so that its words can still be read. */
export const PAGE_WIDTH = 480;
export const PAGE_HEIGHT = 270;
export const PAGE_PADDING = 20;
/** A picture in a page, before it is made small: what a camera takes and no more. */
const MOST_PIXELS = 25_000_000;
const DATA_URL = /^data:image\/(?:png|jpe?g|gif|webp|avif)(?:;[\w=-]+)*;base64,/i;

const SVG_URL = /^data:image\/svg\+xml((?:;[\w=-]+)*),/i;

/** The first bytes of the formats that are decoded; an SVG, which is a document of its own, is read and written anew instead. */
const FORMATS: ReadonlyArray<(bytes: Buffer) => boolean> = [
  (bytes) => bytes.readUInt32BE(0) === 0x89504e47,
  (bytes) => bytes.readUIntBE(0, 3) === 0xffd8ff,
  (bytes) => bytes.toString('latin1', 0, 4) === 'GIF8',
  (bytes) => bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP',
  (bytes) => bytes.toString('latin1', 4, 8) === 'ftyp' && bytes.toString('latin1', 8, 12).startsWith('avi'),
];

/** Puts the pictures of a page into its tree, as small PNGs of a known size; one that cannot be read stays a grey box. */
export async function placePictures(pictures: readonly Picture[]): Promise<void> {
  for (const { element, source, is_background } of pictures) {
    const small = typeof source === 'string' ? await shrink(source) : await draw(source);
    if (is_background) {
      if (small) Object.assign(element.props.style, { backgroundImage: `url(${small.src})`, backgroundSize: 'cover' });
    } else if (small === null) placehold(element);
    else place(element, small);
  }
}

interface Small {
  readonly src: string;
  /** As it was. */
  readonly width: number;
  readonly height: number;
}

/** A drawing of shapes alone, in points. */
async function draw({ svg, width, height }: Drawing): Promise<Small | null> {
  const scale = Math.min(1, PAGE_WIDTH / width, (PAGE_HEIGHT * 2) / height);
  const [wide, tall] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const sized = svg.replace('width="100%" height="100%"', `width="${wide}" height="${tall}"`);
  try {
    const small = await sharp(Buffer.from(sized), { limitInputPixels: 4 * PAGE_WIDTH * PAGE_HEIGHT })
      .png({ compressionLevel: 1 })
      .timeout({ seconds: 4 })
      .toBuffer();
    return { src: `data:image/png;base64,${small.toString('base64')}`, width, height };
  } catch {
    return null;
  }
}

/** The text of an SVG in a data URL: in Base64, or as it is with what a URL cannot have percent-encoded. */
function svgOf(data_url: string): string | null {
  const head = SVG_URL.exec(data_url.slice(0, 200));
  if (!head) return null;
  const rest = data_url.slice(head[0].length);
  if (/;base64$/i.test(head[1] ?? '')) return Buffer.from(rest, 'base64').toString();
  try {
    return decodeURIComponent(rest);
  } catch {
    return rest;
  }
}

async function shrink(data_url: string): Promise<Small | null> {
  const svg = svgOf(data_url);
  if (svg !== null) {
    const drawing = readSvg(svg);
    return drawing && draw(drawing);
  }
  const head = DATA_URL.exec(data_url.slice(0, 200));
  if (!head) return null;
  const bytes = Buffer.from(data_url.slice(head[0].length), 'base64');
  if (bytes.length < 16 || !FORMATS.some((is_format) => is_format(bytes))) return null;
  try {
    const image = sharp(bytes, { limitInputPixels: MOST_PIXELS, pages: 1, failOn: 'error' });
    const { width, height, orientation = 1 } = await image.metadata();
    const small = await image
      .rotate()
      .resize({ width: PAGE_WIDTH, height: PAGE_HEIGHT * 2, fit: 'inside', withoutEnlargement: true })
      .png({ compressionLevel: 1 })
      .timeout({ seconds: 4 })
      .toBuffer();
    const turned = orientation >= 5;
    return { src: `data:image/png;base64,${small.toString('base64')}`, width: turned ? height : width, height: turned ? width : height };
  } catch {
    // Damaged, cut short or too large: the box that stands there already says that there is a picture.
    return null;
  }
}

/** The picture in its own proportions, as wide as the page says and no wider than the page. */
function place(element: Element, { src, width, height }: Small): void {
  const { props } = element;
  element.type = 'img';
  props.src = src;
  props.style = { maxWidth: '100%', ...props.style };
  if (props.style['width'] !== undefined || props.style['height'] !== undefined) {
    // The engine keeps the proportions where one of the two is missing.
    delete props.width;
    delete props.height;
    return;
  }
  const shown = Math.min(props.width ?? (props.height ? (props.height * width) / height : width), PAGE_WIDTH - 2 * PAGE_PADDING);
  const tall = props.width && props.height ? (props.height * shown) / props.width : (height * shown) / width;
  props.width = Math.max(1, Math.round(shown));
  props.height = Math.max(1, Math.round(tall));
}
