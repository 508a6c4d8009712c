import { describe, expect, it } from '@jest/globals';
import type { Listener } from '../../platform/database/index.js';
import type { Logger } from '../../platform/http/index.js';
import { Scope } from '../../platform/scope/index.js';
import { TenantDirectory } from './tenant-directory.js';
import type { Tenant } from './tenant.entity.js';
import type { TenantRegisterRepository } from './tenant-register.repository.js';

/** A directory over rows that the test changes; `hold` keeps reads waiting until it is called off. */
async function directoryOf(names: Record<string, string>) {
  const reads: string[] = [];
  let gate: Promise<void> = Promise.resolve();
  let hear: (client_id: string) => void = () => undefined;
  let reconnect: () => unknown = () => undefined;
  const domains = new Map<string, string>();
  const register = {
    findOwn: async () => {
      const client_id = Scope.clientId();
      reads.push(client_id);
      const name = names[client_id];
      await gate;
      return name === undefined ? null : ({ client_id, name } as Tenant);
    },
    domainOwners: async () => [...domains].map(([domain, client_id]) => ({ domain, client_id })),
  };
  const listener = {
    on: async (_channel: string, handler: typeof hear) => {
      hear = handler;
      return () => undefined;
    },
    onReconnected: (handler: typeof reconnect) => {
      reconnect = handler;
    },
  };
  const directory = new TenantDirectory(
    register as unknown as TenantRegisterRepository,
    listener as unknown as Listener,
    { error: () => undefined } as unknown as Logger,
  );
  await directory.onModuleInit();
  return {
    directory,
    names,
    reads,
    domains,
    tell: (client_id: string, is_deleted = false) => hear(JSON.stringify({ client_id, is_deleted })),
    reconnect: () => reconnect(),
    hold: (until: Promise<void>) => {
      gate = until;
    },
  };
}

describe('the tenants in memory', () => {
  it('are read once, however many ask', async () => {
    const { directory, reads } = await directoryOf({ ant: 'Ant' });
    expect(directory.peek('ant')).toBeUndefined();
    const found = await Promise.all([directory.find('ant'), directory.find('ant'), directory.find('ant')]);
    expect(found.map((tenant) => tenant?.name)).toEqual(['Ant', 'Ant', 'Ant']);
    expect(directory.peek('ant')?.name).toBe('Ant');
    expect(reads).toEqual(['ant']);
  });

  it('remember for a while that a name is nobody’s, and never ask for what cannot be a name', async () => {
    const { directory, reads } = await directoryOf({});
    expect(await directory.find('gone')).toBeNull();
    expect(directory.peek('gone')).toBeNull();
    expect(await directory.find('Not A Name')).toBeNull();
    expect(reads).toEqual(['gone']);
  });

  it('are read anew once a node has told of a change', async () => {
    const { directory, names, tell } = await directoryOf({ ant: 'Ant' });
    await directory.find('ant');
    names['ant'] = 'Ameise';
    tell('ant');
    expect(directory.peek('ant')).toBeUndefined();
    expect((await directory.find('ant'))?.name).toBe('Ameise');
  });

  it('do not keep what was read while it changed', async () => {
    const { directory, names, tell, hold } = await directoryOf({ ant: 'Ant' });
    let release = (): void => undefined;
    hold(new Promise((resolve) => (release = resolve)));
    const before = directory.find('ant');
    names['ant'] = 'Ameise';
    tell('ant');
    const after = directory.find('ant');
    release();
    expect((await before)?.name).toBe('Ant');
    expect((await after)?.name).toBe('Ameise');
    expect(directory.peek('ant')?.name).toBe('Ameise');
  });

  it('whoever watches is told of each that changed, and whether it is gone', async () => {
    const { directory, tell } = await directoryOf({ ant: 'Ant', bee: 'Bee' });
    const told: Array<[string, boolean]> = [];
    directory.onChanged((client_id, is_deleted) => told.push([client_id, is_deleted]));
    tell('ant');
    tell('bee', true);
    expect(told).toEqual([
      ['ant', false],
      ['bee', true],
    ]);
  });

  it('are all forgotten when notifications may have been missed', async () => {
    const { directory, reconnect } = await directoryOf({ ant: 'Ant' });
    await directory.find('ant');
    await reconnect();
    expect(directory.peek('ant')).toBeUndefined();
  });

  it('are found by host name and by web origin', async () => {
    const { directory, domains, tell } = await directoryOf({});
    expect(directory.findByHost('app.example')).toBeUndefined();
    domains.set('app.example', 'ant');
    tell('ant');
    await directory.changed('ant');
    expect(directory.findByHost('APP.example.')).toBe('ant');
    expect(directory.findByOrigin('https://app.example')).toBe('ant');
    expect(directory.findByOrigin('https://app.example:8443')).toBe('ant');
    expect(directory.findByOrigin('null')).toBeUndefined();
    expect(directory.findByOrigin('chrome-extension://app.example')).toBeUndefined();
  });
});
