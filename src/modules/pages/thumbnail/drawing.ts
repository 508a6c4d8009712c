import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import satori, { type Font } from 'satori';
import sharp from 'sharp';
import { emojiPicture, UNKNOWN_GLYPH, unknownGlyphPicture } from './glyph-pictures.js';
import { PAGE_HEIGHT, PAGE_PADDING, PAGE_WIDTH, placePictures } from './page-picture.js';
import { type Element, readPage, type ReadPage } from './page-reader.js';

/** A thumbnail's size in pixels (contract, section 5). */
export const WIDTH = 320;
export const HEIGHT = 180;
const QUALITY = 82;
const FONT = 'Noto Sans JP';
const FONT_FILES = { 400: '400Regular/NotoSansJP_400Regular.ttf', 700: '700Bold/NotoSansJP_700Bold.ttf' } as const;

const PAPER = {
  display: 'block',
  position: 'relative',
  width: PAGE_WIDTH,
  height: PAGE_HEIGHT,
  overflow: 'hidden',
  backgroundColor: '#ffffff',
  color: '#1f2937',
  fontFamily: FONT,
  fontSize: 16,
  lineHeight: 1.5,
  wordBreak: 'break-word',
};

let fonts: Promise<Font[]> | undefined;

/** Draws the top of a page of untrusted HTML: WebP in Base64. Where its styles are more than can be drawn, it is drawn without them. */
export async function drawPage(html: string): Promise<string> {
  const svg = await layOut(html, true).catch(() => layOut(html, false));
  const image = await sharp(Buffer.from(svg), { density: (72 * WIDTH) / PAGE_WIDTH, limitInputPixels: 4 * WIDTH * HEIGHT })
    .resize(WIDTH, HEIGHT, { fit: 'fill' })
    .flatten({ background: '#ffffff' })
    .webp({ quality: QUALITY, effort: 3 })
    .timeout({ seconds: 5 })
    .toBuffer();
  return image.toString('base64');
}

async function layOut(html: string, with_styles: boolean): Promise<string> {
  const page = readPage(html);
  await placePictures(page.pictures);
  if (!with_styles) strip(page.root);
  return satori(paper(page, with_styles), {
    width: PAGE_WIDTH,
    height: PAGE_HEIGHT,
    fonts: await (fonts ??= loadFonts()),
    graphemeImages: { [UNKNOWN_GLYPH]: unknownGlyphPicture() },
    onStyleError: () => undefined,
    loadAdditionalAsset: async (kind, text) => (kind === 'emoji' ? emojiPicture(text) : unknownGlyphPicture()),
  });
}

/** A sheet of white, on which the page begins. What a page wears of itself outdoes the first rule. */
function paper({ root, stylesheet }: ReadPage, with_styles: boolean): object {
  const own = `#page{min-height:${PAGE_HEIGHT}px;padding:${PAGE_PADDING / 2}px ${PAGE_PADDING}px}`;
  const body = {
    type: 'div',
    props: { ...root.props, id: 'page', style: { display: 'block', boxSizing: 'border-box', ...root.props.style } },
  };
  return {
    type: 'div',
    props: {
      style: PAPER,
      children: [{ type: 'style', props: { children: with_styles ? `${own}\n${stylesheet}` : own } }, body],
    },
  };
}

/** Takes away what the page's own styles say. */
function strip({ props }: Element): void {
  props.style = {};
  for (const child of props.children) if (typeof child !== 'string') strip(child);
}

async function loadFonts(): Promise<Font[]> {
  const { resolve } = createRequire(import.meta.url);
  return Promise.all(
    ([400, 700] as const).map(async (weight) => ({
      name: FONT,
      weight,
      style: 'normal' as const,
      data: await readFile(resolve(`@expo-google-fonts/noto-sans-jp/${FONT_FILES[weight]}`)),
    })),
  );
}
