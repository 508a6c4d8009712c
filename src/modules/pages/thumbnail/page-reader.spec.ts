import { describe, expect, it } from '@jest/globals';
import { UNKNOWN_GLYPH } from './glyph-pictures.js';
import { type Child, type Element, readPage } from './page-reader.js';

/** A tree as `type(children)`, with its styles where `with_style`. */
const shown = (child: Child, with_style = false): string => {
  if (typeof child === 'string') return JSON.stringify(child);
  const style = with_style && Object.keys(child.props.style).length > 0 ? JSON.stringify(child.props.style) : '';
  return `${child.type}${style}(${child.props.children.map((one) => shown(one, with_style)).join(',')})`;
};
const treeOf = (html: string): string => shown(readPage(html).root);
const countOf = ({ props }: Element): number =>
  props.children.reduce((sum, child) => sum + (typeof child === 'string' ? 0 : 1 + countOf(child)), 0);
const depthOf = ({ props }: Element): number =>
  1 + Math.max(0, ...props.children.map((child) => (typeof child === 'string' ? 0 : depthOf(child))));
const textOf = (child: Child): string => (typeof child === 'string' ? child : child.props.children.map(textOf).join(''));

describe('readPage', () => {
  it('keeps headings, paragraphs, lists and emphasis, and makes boxes of what it does not know', () => {
    expect(treeOf('<h1>夏</h1><p>a<b>b</b><br>c</p><ul><li>d</ul><section><article>e</article></section><output>f</output>')).toBe(
      'div(h1("夏"),p("a",b("b"),br(),"c"),ul(li("d")),div(div("e")),span("f"))',
    );
  });

  it('leaves out what is not the page to its readers', () => {
    const html =
      '<html><head><title>t</title><script>s</script></head><body>a<script>alert(1)</script><svg><text>s</text></svg><template>t</template>' +
      '<iframe src="https://x.example">i</iframe><p hidden>h</p><p style="display:none">n<b>o</b></p><noscript>n</noscript><!-- c -->z</body></html>';
    expect(textOf(readPage(html).root)).toBe('az');
  });

  it('keeps no address of anything, and no handler', () => {
    const html =
      '<a href="https://x.example" onclick="x()">a</a><img src="https://x.example/i.png"><img src="/files/1"><video src="v.mp4" poster="p.png"></video>' +
      '<p style="background:url(https://x.example/b.png);background-image:u\\72l(x);color:red">p</p>' +
      '<style>@import "https://x.example/a.css"; p{background:url("https://x.example/c.png");margin:0} @font-face{src:url(x)}</style>';
    const page = readPage(html);
    const whole = JSON.stringify(page);
    for (const word of ['example', 'files', 'mp4', 'url', '72l', 'x()']) expect(whole).not.toContain(word);
    expect(page.pictures).toEqual([]);
    expect(page.stylesheet).toBe('p{margin:0}');
    expect(shown(page.root, true)).toContain('"color":"red"');
  });

  it('hands out pictures that are data URLs, a few of them and no large ones', () => {
    const picture = '<img src="data:image/png;base64,AAAA" width="20">';
    expect(readPage(picture.repeat(9)).pictures).toHaveLength(6);
    expect(readPage(picture).pictures[0]).toMatchObject({ source: 'data:image/png;base64,AAAA', element: { props: { width: 20 } } });
    expect(readPage(`<img src="data:image/png;base64,${'A'.repeat(3_000_001)}">`).pictures).toEqual([]);
  });

  it("wears what the page's body wears", () => {
    const { root } = readPage('<body class="dark" bgcolor="#000000" style="color:#e2e8f0">x</body>');
    expect(root.props).toMatchObject({ className: 'dark', style: { backgroundColor: '#000000', color: '#e2e8f0' } });
  });

  it('shows text without markup as it was typed', () => {
    expect(readPage('a\nb').root.props.style).toEqual({ whiteSpace: 'pre-wrap' });
    expect(readPage('a\n<b>b</b>').root.props.style).toEqual({});
  });

  it('puts a sign where the font has no shapes of a script', () => {
    expect(textOf(readPage('日本語 Ελλ Рус 한국 ไทย้ 😀 é').root)).toBe(
      `日本語 Ελλ Рус ${UNKNOWN_GLYPH.repeat(2)} ${UNKNOWN_GLYPH.repeat(3)} 😀 é`,
    );
  });

  it.each([
    ['nested without end', '<div>'.repeat(100_000)],
    ['never closed lists', '<ul><li>'.repeat(100_000)],
    ['a hundred thousand elements', '<p>a</p>'.repeat(100_000)],
    ['elements without words', '<i></i>'.repeat(100_000)],
    ['a wall of text', 'あ😀'.repeat(300_000)],
    ['attributes without end', `<p ${'a=b '.repeat(100_000)}>x`],
    ['declarations without end', `<p style="${'color:red;'.repeat(100_000)}">x`],
    ['rules without end', `<style>${'p{color:red}'.repeat(100_000)}</style>x`],
    ['braces without end', `<style>${'{'.repeat(100_000)}</style>x`],
    ['tags without end', '<'.repeat(500_000)],
  ])('stays small: %s', (_name, html) => {
    const { root, stylesheet } = readPage(html);
    expect(countOf(root)).toBeLessThanOrEqual(300);
    expect(depthOf(root)).toBeLessThanOrEqual(26);
    expect([...textOf(root)].length).toBeLessThanOrEqual(1_500);
    expect(stylesheet.length).toBeLessThanOrEqual(20_000);
  });

  it('halves no character where it cuts', () => {
    expect(textOf(readPage('😀'.repeat(5_000)).root).isWellFormed()).toBe(true);
  });
});
