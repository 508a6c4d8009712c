import { Injectable } from '@nestjs/common';
import { Config } from '../../../platform/config/index.js';
import { Database, type Page, type PageRequest } from '../../../platform/database/index.js';
import { AppError, type ErrorDetail } from '../../../platform/errors/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { AuditService } from '../../tenancy/index.js';
import { assertAi } from '../ai.policy.js';
import { ExtToolVault } from '../tools/ext-tool-vault.js';
import { extToolFaults, functionFaults } from '../tools/tool-rules.js';
import { CurrentSettings } from './current-settings.js';
import type { SettingVersion } from './setting.entity.js';
import type {
  ExtTool,
  ExtToolSettings,
  FunctionSettings,
  FunctionTool,
  PromptSettings,
  SettingKind,
  SettingValues,
} from './setting-values.js';
import { SettingsRepository } from './settings.repository.js';

/** A version of a setting, as it is shown. */
export interface ShownVersion<K extends SettingKind> {
  readonly version: number;
  readonly created_at: string;
  readonly created_by: string;
  readonly value: SettingValues[K];
}

/** The longest prompt, in bytes of UTF-8. */
const MAX_PROMPT_BYTES = 32 * 1024;

/** The assistant's settings: each write makes a version, and any version can be made the current one again. */
@Injectable()
export class SettingsService {
  constructor(
    private readonly config: Config,
    private readonly database: Database,
    private readonly settings: SettingsRepository,
    private readonly current: CurrentSettings,
    private readonly vault: ExtToolVault,
    private readonly audit: AuditService,
  ) {}

  /** How the tenant in scope wants the assistant to speak. For the server's own use, as the two that follow. */
  async prompt(): Promise<PromptSettings> {
    return (await this.current.get('prompt')).value;
  }

  /** The functions that callers run; the same objects as long as they stand. */
  async functions(): Promise<readonly FunctionTool[]> {
    return (await this.current.get('func_config')).value.tools;
  }

  /** The tools that this server runs, with their headers sealed; the same objects as long as they stand. */
  async extTools(): Promise<readonly ExtTool[]> {
    return (await this.current.get('ext_tools')).value.tools;
  }

  /** The current value as it is shown: secrets are masked. @throws FORBIDDEN */
  async read<K extends SettingKind>(actor: Actor, kind: K): Promise<SettingValues[K]> {
    assertAi(actor, 'settings.read');
    return this.shown(kind, (await this.current.get(kind)).value);
  }

  /** Makes a value the current one. @throws FORBIDDEN, VALIDATION_FAILED naming the place of each mistake */
  async write<K extends SettingKind>(actor: Actor, kind: K, value: SettingValues[K]): Promise<SettingValues[K]> {
    assertAi(actor, 'settings.write');
    await this.assertSound(kind, value);
    return this.add(actor, kind, 'settings.changed', (kept) => this.kept(kind, value, kept));
  }

  /** A page of versions, newest first. @throws FORBIDDEN, INVALID_CURSOR */
  async versions<K extends SettingKind>(actor: Actor, kind: K, page: PageRequest): Promise<Page<ShownVersion<K>>> {
    assertAi(actor, 'settings.read');
    return (await this.settings.versions(kind, page)).map((row) => this.shownVersion(kind, row));
  }

  /** Makes an earlier version's value the current one, as a new version. @throws FORBIDDEN, VERSION_NOT_FOUND, VALIDATION_FAILED where it would not be taken any more */
  async restore<K extends SettingKind>(actor: Actor, kind: K, version: number): Promise<SettingValues[K]> {
    assertAi(actor, 'settings.write');
    const earlier = await this.settings.findOne({ kind, version });
    if (!earlier) throw new AppError('VERSION_NOT_FOUND');
    const value = earlier.value as SettingValues[K];
    // Sealed headers are as sound as they were; all else is looked at again.
    await this.assertSound(kind, kind === 'ext_tools' ? this.shown(kind, value) : value);
    return this.add(actor, kind, 'settings.restored', () => value, { restored: version });
  }

  private add<K extends SettingKind>(
    actor: Actor,
    kind: K,
    action: string,
    valueAfter: (kept: SettingValues[K] | null) => SettingValues[K],
    details: Record<string, unknown> = {},
  ): Promise<SettingValues[K]> {
    return this.database.transaction(async () => {
      await this.settings.lock(kind);
      const before = await this.settings.findCurrent(kind);
      const value = valueAfter((before?.value as SettingValues[K] | undefined) ?? null);
      const version = (before?.version ?? 0) + 1;
      await this.settings.add(kind, version, value, actor.id);
      await this.audit.record(actor, action, 'settings', kind, { version, ...details });
      this.database.afterCommit(() => this.current.forget(kind));
      return this.shown(kind, value);
    });
  }

  private async assertSound<K extends SettingKind>(kind: K, value: SettingValues[K]): Promise<void> {
    const faults = await this.faultsOf(kind, value);
    if (faults.length > 0) throw new AppError('VALIDATION_FAILED', { details: faults.slice(0, 100) });
  }

  private async faultsOf(kind: SettingKind, value: SettingValues[SettingKind]): Promise<ErrorDetail[]> {
    switch (kind) {
      case 'prompt': {
        const is_long = Buffer.byteLength((value as PromptSettings).prompt) > MAX_PROMPT_BYTES;
        return is_long ? [{ field: 'prompt', message: `must be at most ${MAX_PROMPT_BYTES / 1024} KiB of UTF-8` }] : [];
      }
      case 'func_config': {
        const others = (await this.extTools()).map(({ name }) => name);
        return functionFaults((value as FunctionSettings).tools, others);
      }
      case 'ext_tools': {
        const others = (await this.functions()).map((tool) => tool.function.name);
        return extToolFaults((value as ExtToolSettings).tools, others, this.config.env.OUTBOUND_PRIVATE_NETWORKS);
      }
    }
  }

  /** A value as it is kept: with its secrets sealed. @throws VALIDATION_FAILED */
  private kept<K extends SettingKind>(kind: K, value: SettingValues[K], before: SettingValues[K] | null): SettingValues[K] {
    if (kind !== 'ext_tools') return value;
    const faults: ErrorDetail[] = [];
    const tools = this.vault.seal((value as ExtToolSettings).tools, (before as ExtToolSettings | null)?.tools ?? [], faults);
    if (faults.length > 0) throw new AppError('VALIDATION_FAILED', { details: faults });
    return { tools } as unknown as SettingValues[K];
  }

  private shown<K extends SettingKind>(kind: K, value: SettingValues[K]): SettingValues[K] {
    return kind === 'ext_tools' ? ({ tools: this.vault.mask((value as ExtToolSettings).tools) } as unknown as SettingValues[K]) : value;
  }

  private shownVersion<K extends SettingKind>(kind: K, { version, created_at, created_by, value }: SettingVersion): ShownVersion<K> {
    return { version, created_at: created_at.toISOString(), created_by, value: this.shown(kind, value as SettingValues[K]) };
  }
}
