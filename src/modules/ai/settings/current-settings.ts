import { Injectable, type OnModuleInit } from '@nestjs/common';
import { BoundedCache } from '../../../platform/cache/index.js';
import { Listener } from '../../../platform/database/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { DEFAULT_VALUES, type SettingKind, type SettingValues } from './setting-values.js';
import { SETTINGS_CHANNEL, SettingsRepository } from './settings.repository.js';

/** The current version of a setting; `version` is 0 while there is none. */
export interface CurrentSetting<K extends SettingKind> {
  readonly version: number;
  readonly value: SettingValues[K];
}

const MOST_KEPT = 3_000;

/**
 * The current settings, in memory, so that no turn of a conversation reads them. A change is told to every node with its commit;
 * whatever a node missed while it could not listen is dropped when it listens again.
 */
@Injectable()
export class CurrentSettings implements OnModuleInit {
  private readonly known = new BoundedCache<string, Promise<CurrentSetting<SettingKind>>>(MOST_KEPT);

  constructor(
    private readonly settings: SettingsRepository,
    private readonly listener: Listener,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.listener.on(SETTINGS_CHANNEL, (key) => this.known.delete(key));
    this.listener.onReconnected(() => this.known.clear());
  }

  /** What stands for the tenant in scope. The same object as long as it does, so that what is made of it can be kept by it. */
  async get<K extends SettingKind>(kind: K): Promise<CurrentSetting<K>> {
    const key = keyOf(kind);
    let current = this.known.get(key);
    if (!current) {
      // What changes while it is read takes this promise out, and whoever comes next reads anew.
      current = this.read(kind);
      this.known.set(key, current);
      current.catch(() => {
        if (this.known.get(key) === current) this.known.delete(key);
      });
    }
    return (await current) as CurrentSetting<K>;
  }

  /** Forgets a setting of the tenant in scope, on this node, before its writer has the answer. */
  forget(kind: SettingKind): void {
    this.known.delete(keyOf(kind));
  }

  private async read(kind: SettingKind): Promise<CurrentSetting<SettingKind>> {
    const row = await this.settings.findCurrent(kind);
    return row ? { version: row.version, value: row.value as SettingValues[SettingKind] } : { version: 0, value: DEFAULT_VALUES[kind] };
  }
}

function keyOf(kind: SettingKind): string {
  return `${Scope.clientId()}/${kind}`;
}
