import { describe, expect, it } from '@jest/globals';
import { fileIdsIn } from './page-files.js';

const [A, B] = ['019ac1f0-7b1e-7c3a-9d5e-0123456789ab', '019ac1f0-7b1e-7c3a-9d5e-0123456789ac'] as const;

describe('fileIdsIn', () => {
  it('finds files by their URLs, wherever they stand, each once', () => {
    const content = `<img src="/files/${A}"> <a href='https://kaiwa.example/api/files/${B.toUpperCase()}?w=320'>x</a> url(/files/${A})`;
    expect(fileIdsIn(content)).toEqual([A, B]);
  });

  it('takes nothing else for one', () => {
    for (const text of ['', A, `/file/${A}`, `/files/${A}0`, `/files/${A.slice(1)}`, `/files/${A}-x`, '/files/'])
      expect(fileIdsIn(text)).toEqual([]);
  });

  it('ends after a hundred', () => {
    const content = Array.from({ length: 300 }, (_, n) => `/files/019ac1f0-7b1e-7c3a-9d5e-${String(n).padStart(12, '0')} `).join('');
    expect(fileIdsIn(content)).toHaveLength(100);
  });
});
