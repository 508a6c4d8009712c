import { describe, expect, it } from '@jest/globals';
import { createLogger, NestLogBridge } from './logger.js';

function logged(write: (logger: ReturnType<typeof createLogger>) => void): Array<Record<string, unknown>> {
  const lines: string[] = [];
  write(createLogger({ level: 'info', destination: { write: (line) => lines.push(line) } }));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the log', () => {
  it('shows no secret, at any depth and in any letter case', () => {
    const body = { password: 'p1', list: [{ refresh_token: 'p2', kept: 1 }], deep: { Authorization: 'p3' } };
    const [line] = logged((logger) => logger.info({ body, Cookie: 'p4' }, 'hi'));
    expect(JSON.stringify(line)).not.toMatch(/p\d/);
    expect(line).toMatchObject({ level: 'info', msg: 'hi', body: { list: [{ kept: 1 }] } });
    expect(line?.time).toMatch(/^\d{4}-.*Z$/);
    expect(body.password).toBe('p1');
  });

  it("leaves out what drivers hang on errors, and follows an error's causes", () => {
    const cause = Object.assign(new Error('duplicate'), { code: '23505', detail: 'Key (email)=(p5)', parameters: ['p6'] });
    const [line] = logged((logger) => logger.error({ err: new Error('outer', { cause }) }, 'failed'));
    expect(line).toMatchObject({ err: { message: 'outer', cause: { message: 'duplicate', code: '23505' } } });
    expect(JSON.stringify(line)).not.toMatch(/p[56]/);
  });

  it("takes Nest's lines", () => {
    const lines = logged((logger) => {
      const bridge = new NestLogBridge(logger);
      bridge.log('mapped', 'RouterExplorer');
      bridge.error('broken', 'at x', 'Somewhere');
      bridge.debug('unseen');
    });
    expect(lines).toEqual([
      expect.objectContaining({ level: 'info', msg: 'mapped', context: 'RouterExplorer' }),
      expect.objectContaining({ level: 'error', msg: 'broken', context: 'Somewhere', stack: 'at x' }),
    ]);
  });
});
