import { describe, expect, it } from '@jest/globals';
import { inlineStyleOf, stylesheetOf } from './page-style.js';

describe('inlineStyleOf', () => {
  it('keeps what a thumbnail shows, by its name in camel case', () => {
    expect(
      inlineStyleOf('color: #111111; background-color:rgb(1 2 3 / .5) !important; text-align:center;margin-top:2px;cursor:pointer'),
    ).toEqual({
      color: '#111111',
      backgroundColor: 'rgb(1 2 3 / .5)',
      textAlign: 'center',
      marginTop: '2px',
    });
    expect(inlineStyleOf('background:linear-gradient(135deg,#667eea,#764ba2)')).toEqual({
      background: 'linear-gradient(135deg,#667eea,#764ba2)',
    });
  });

  it.each([
    'background:url(x)',
    'background:URL( "x" )',
    'background:u\\72l(x)',
    'background:image-set("x" 1x)',
    'background:url/**/(x)',
    'width:99999px',
    'width:1e9px',
    'width:expression(alert(1))',
    'color:var(--x)',
    'filter:blur(10px)',
    'color:red}p{color:blue',
    `color:${'r'.repeat(300)}`,
    'color',
    ':red',
    '',
  ])('refuses %s', (text) => {
    expect(inlineStyleOf(text)).toEqual({});
  });
});

describe('stylesheetOf', () => {
  it("keeps plain rules; the page's root stands for its body", () => {
    expect(
      stylesheetOf('body , html.dark{color:white} .card > p:first-child { padding:1px;cursor:pointer } /* h1{color:red} */ h2{}'),
    ).toBe('#page , #page.dark{color:white}\n.card > p:first-child{padding:1px}');
  });

  it('leaves out at-rules with all that is in them, and goes on after them', () => {
    const text = '@import url(x); @media print{p{color:red}} @charset "x"; b{color:blue} i[style]{color:red} </style>u{color:green}';
    expect(stylesheetOf(text)).toBe('b{color:blue}');
    expect(stylesheetOf('} p{color:red}')).toBe('');
    expect(stylesheetOf('p{color:red')).toBe('');
  });
});
