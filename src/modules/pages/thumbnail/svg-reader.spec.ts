import { describe, expect, it } from '@jest/globals';
import { readSvg } from './svg-reader.js';

const SHAPE = '<rect width="2" height="1" fill="green"/>';

describe('readSvg', () => {
  it('keeps shapes with the names that they have, and what they are painted with', () => {
    const svg =
      '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://www.w3.org/2000/svg" width="20px" height="10" viewBox="0 0 2 1"><defs>' +
      '<linearGradient id="a" gradientUnits="userSpaceOnUse"><stop offset="0" stop-color="red"/></linearGradient></defs>' +
      '<style>.b{fill:url(#a)}</style><g transform="scale(2)"><path class="b" d="M0 0h1"/></g></svg>';
    expect(readSvg(svg)).toEqual({
      svg:
        '<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="100%" viewBox="0 0 2 1"><defs>' +
        '<linearGradient id="a" gradientUnits="userSpaceOnUse"><stop offset="0" stop-color="red"></stop></linearGradient></defs>' +
        '<style>.b{fill:url(#a)}</style><g transform="scale(2)"><path class="b" d="M0 0h1"></path></g></svg>',
      width: 20,
      height: 10,
    });
  });

  it('leaves out what runs, is fetched, repeats others or costs much', () => {
    const inside =
      '<script>alert(1)</script><image href="file:///etc/passwd"/><use href="#a"/><foreignObject><b>x</b></foreignObject><text>t</text>' +
      '<pattern id="p"><rect/></pattern><filter id="f"/><mask id="m"/><xi:include href="file:///etc/passwd"/><a href="https://x.example">' +
      `${SHAPE}</a><rect fill="url(https://x.example/#a)" onclick="x()" stroke-dasharray="0.001" style="filter:blur(9px)" xlink:href="y"/>` +
      '<style>@import "https://x.example"</style><style>rect{fill:url(file:///x)}</style>&e;';
    const drawing = readSvg(`<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]><svg viewBox="0 0 2 1">${inside}</svg>`);
    expect(drawing?.svg.replace(/^<svg [^>]*>/, '')).toBe(
      '<a><rect width="2" height="1" fill="green"></rect></a><rect></rect><style></style><style></style></svg>',
    );
  });

  it.each([
    ['width="0" height="0"', null],
    ['', [300, 150]],
    ['viewBox="0 0 30 10"', [30, 10]],
    ['viewBox="0 0 30 10" width="60"', [60, 20]],
    ['viewBox="0 0 30 10" height="100%" width="100%"', [30, 10]],
    ['width="1e9" height="1"', [300, 1]],
    ['width="9999999" height="1"', null],
  ])('knows how large one with %s is', (attributes, size) => {
    const drawing = readSvg(`<svg ${attributes}>${SHAPE}</svg>`);
    expect(drawing && [drawing.width, drawing.height]).toEqual(size);
  });

  it('is bounded, whatever comes', () => {
    expect(readSvg('')).toBeNull();
    expect(readSvg('<p>x</p>')).toBeNull();
    expect(readSvg(`<svg>${' '.repeat(200_000)}</svg>`)).toBeNull();
    const many = readSvg(`<svg>${'<g>'.repeat(20_000)}${SHAPE}`);
    expect(many?.svg.match(/<g>/g)?.length).toBeLessThan(100);
    expect(readSvg(`<svg>${'<rect/>'.repeat(20_000)}</svg>`)?.svg.match(/<rect>/g)?.length).toBeLessThan(401);
  });
});
