import { describe, expect, it } from '@jest/globals';
import { AppError, type ErrorCode } from '../errors/index.js';
import type { KaiwaRequest } from './exchange.js';
import { FaultLog } from './fault-log.js';
import { createLogger } from './logger.js';

const request = {
  request_id: 'r',
  method: 'GET',
  scope: { client_id: 'ant', actor: null },
  route: { path: '/rooms' },
} as unknown as KaiwaRequest;

function faultLog(): { log: FaultLog; lines: Array<Record<string, unknown>>; clock: { now: number } } {
  const lines: Array<Record<string, unknown>> = [];
  const clock = { now: 0 };
  const destination = { write: (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>) };
  return { log: new FaultLog(createLogger({ level: 'info', destination }), () => clock.now), lines, clock };
}

describe('the log of faults', () => {
  it.each<ErrorCode>(['OVERLOADED', 'DATABASE_UNAVAILABLE', 'SHUTTING_DOWN'])('%s is one warning a second, in one line', (code) => {
    const { log, lines, clock } = faultLog();
    const cause = new Error('connect ECONNREFUSED 127.0.0.1:5432\n    at somewhere');
    for (let index = 0; index < 1_000; index++) log.ofRequest(new AppError(code, { cause }), request);
    clock.now = 1_000;
    log.ofEvent(new AppError(code), 'sendMessage', 'e');
    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', code, request_id: 'r', route: '/rooms', reason: 'connect ECONNREFUSED 127.0.0.1:5432' }),
      expect.objectContaining({ level: 'warn', code, request_id: 'e', event: 'sendMessage', unlogged: 999 }),
    ]);
    expect(JSON.stringify(lines)).not.toMatch(/stack|    at /);
  });

  it('counts each code by itself', () => {
    const { log, lines } = faultLog();
    for (const code of ['OVERLOADED', 'SHUTTING_DOWN', 'OVERLOADED'] as const) log.ofRequest(new AppError(code), request);
    expect(lines.map(({ code }) => code)).toEqual(['OVERLOADED', 'SHUTTING_DOWN']);
  });

  it('a defect keeps its stack and its causes, each time', () => {
    const { log, lines } = faultLog();
    for (let index = 0; index < 3; index++) log.ofRequest(new AppError('INTERNAL_ERROR', { cause: new Error('inner') }), request);
    log.ofEvent(new AppError('INTERNAL_ERROR', { cause: new Error('inner') }), 'react', 'e');
    expect(lines).toHaveLength(4);
    for (const line of lines) {
      expect(line).toMatchObject({ level: 'error', err: { stack: expect.stringContaining('at '), cause: { message: 'inner' } } });
    }
  });
});
