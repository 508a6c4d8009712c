import { describe, expect, it } from '@jest/globals';
import type { Logger } from '../../platform/http/index.js';
import { Scope } from '../../platform/scope/index.js';
import { UsageService } from './usage.service.js';
import type { UsageRepository } from './usage.repository.js';

function serviceOver(failing: { code: string | null }) {
  const written: unknown[] = [];
  const usage = {
    add: async (_day: string, amounts: ReadonlyArray<readonly [string, number]>) => {
      if (failing.code) throw Object.assign(new Error('refused'), { code: failing.code });
      written.push([Scope.clientId(), Object.fromEntries(amounts)]);
    },
  };
  const service = new UsageService(usage as unknown as UsageRepository, { warn: () => undefined } as unknown as Logger);
  return { service, written };
}

describe('counting', () => {
  it('writes the sums of each tenant with one statement, and nothing twice', async () => {
    const { service, written } = serviceOver({ code: null });
    service.count('ant', 'requests');
    service.count('ant', 'requests');
    service.count('ant', 'stored_bytes', -5);
    service.count('bee', 'messages', 3);
    await Promise.all([service.flush(), service.flush()]);
    expect(written).toEqual([
      ['ant', { requests: 2, stored_bytes: -5 }],
      ['bee', { messages: 3 }],
    ]);
  });

  it('keeps what the database did not take, and adds to it', async () => {
    const failing: { code: string | null } = { code: '57P01' };
    const { service, written } = serviceOver(failing);
    service.count('ant', 'requests');
    await service.flush();
    service.count('ant', 'requests', 4);
    service.count('bee', 'requests');
    await service.flush();
    failing.code = null;
    await service.flush();
    expect(written).toEqual([
      ['ant', { requests: 5 }],
      ['bee', { requests: 1 }],
    ]);
  });

  it('drops what belongs to a tenant that is gone', async () => {
    const failing: { code: string | null } = { code: '23503' };
    const { service, written } = serviceOver(failing);
    service.count('gone', 'requests');
    await service.flush();
    failing.code = null;
    await service.flush();
    expect(written).toEqual([]);
  });
});
