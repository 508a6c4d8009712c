import { describe, expect, it } from '@jest/globals';
import { safeName } from './file-name.js';

describe('safeName', () => {
  it.each<[string | undefined, string]>([
    [undefined, 'file'],
    ['', 'file'],
    ['..', 'file'],
    ['.', 'file'],
    ['/', 'file'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Users\\a.txt', 'a.txt'],
    ['a\0b\u0007.txt', 'ab.txt'],
    ['invoice\u202egpj.exe', 'invoicegpj.exe'],
    ['a\u2066b\u2069.txt', 'ab.txt'],
    ['\ufeffa.txt', 'a.txt'],
    ['half \ud83d.txt', 'half \ufffd.txt'],
    ['か\u3099.txt', 'が.txt'],
    ['a:b*c?.txt', 'a_b_c_.txt'],
    ['nul', '_nul'],
    ['LPT1.txt', '_LPT1.txt'],
    ['console.txt', 'console.txt'],
    ['.htaccess', '.htaccess'],
    ['  a  b . . ', 'a b'],
    ['שלום.txt', 'שלום.txt'],
  ])('%j is %j', (given, name) => {
    expect(safeName(given)).toBe(name);
  });

  it('keeps the ending of what is too long, and cuts no character in two', () => {
    const name = safeName(`${'語'.repeat(300)}.docx`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^語+\.docx$/);
    expect(safeName('😀'.repeat(100))).toBe('😀'.repeat(63));
    expect(Buffer.byteLength(safeName(`a.${'b'.repeat(400)}`))).toBe(255);
  });

  it('changes nothing that is safe already', () => {
    for (const name of ['a.txt', '見積書 2026.pdf', 'x'.repeat(255)]) expect(safeName(safeName(name))).toBe(safeName(name));
  });
});
