import { Body, Controller, Get, Post, Put, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Page } from '../../../platform/database/index.js';
import { Access, type AccessOptions, Answers, CountParam, CurrentActor, PageQuery } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { ExtToolsDto, FunctionConfigDto, PromptDto } from './settings.dto.js';
import { SettingsService } from './settings.service.js';
import { toExtTools, toFunctions, toPrompt } from './setting-input.js';
import {
  ExtToolsVersionView,
  ExtToolsView,
  FunctionConfigVersionView,
  FunctionConfigView,
  PromptVersionView,
  PromptView,
} from './settings.view.js';

const READERS: AccessOptions = { scope: 'phone', or_scope: 'settings' };
const WRITERS: AccessOptions = { scope: 'settings' };

function VersionParam(): ParameterDecorator {
  return CountParam('version', 'VERSION_NOT_FOUND', 'The number of a version', 3);
}

@ApiTags('Settings')
@Controller()
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  /** Show the assistant's prompt. */
  @Get('prompt')
  @Access('staff', READERS)
  @Answers(200, PromptView)
  getPrompt(@CurrentActor() actor: Actor): Promise<PromptView> {
    return this.settings.read(actor, 'prompt');
  }

  /** Replace the assistant's prompt. The one before stays as a version. */
  @Put('prompt')
  @Access('admin', WRITERS)
  @Answers(200, PromptView)
  putPrompt(@CurrentActor() actor: Actor, @Body() body: PromptDto): Promise<PromptView> {
    return this.settings.write(actor, 'prompt', toPrompt(body));
  }

  /** List the versions of the assistant's prompt, newest first. */
  @Get('prompt/versions')
  @Access('staff', READERS)
  @Answers(200, [PromptVersionView], { refuses: ['INVALID_CURSOR'] })
  listPromptVersions(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<PromptVersionView>> {
    return this.settings.versions(actor, 'prompt', query);
  }

  /** Bring back an earlier version of the assistant's prompt. It becomes the current one as a new version. */
  @Post('prompt/versions/:version/restore')
  @Access('admin', WRITERS)
  @Answers(200, PromptView, { refuses: ['VERSION_NOT_FOUND', 'VALIDATION_FAILED'] })
  restorePrompt(@CurrentActor() actor: Actor, @VersionParam() version: number): Promise<PromptView> {
    return this.settings.restore(actor, 'prompt', version);
  }

  /** Show the functions that callers run. */
  @Get('func-config')
  @Access('staff', READERS)
  @Answers(200, FunctionConfigView)
  getFuncConfig(@CurrentActor() actor: Actor): Promise<FunctionConfigView> {
    return this.settings.read(actor, 'func_config');
  }

  /** Replace the functions that callers run. The one before stays as a version. */
  @Put('func-config')
  @Access('admin', WRITERS)
  @Answers(200, FunctionConfigView)
  putFuncConfig(@CurrentActor() actor: Actor, @Body() body: FunctionConfigDto): Promise<FunctionConfigView> {
    return this.settings.write(actor, 'func_config', toFunctions(body));
  }

  /** List the versions of the functions that callers run, newest first. */
  @Get('func-config/versions')
  @Access('staff', READERS)
  @Answers(200, [FunctionConfigVersionView], { refuses: ['INVALID_CURSOR'] })
  listFuncConfigVersions(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<FunctionConfigVersionView>> {
    return this.settings.versions(actor, 'func_config', query);
  }

  /** Bring back an earlier version of the functions that callers run. It becomes the current one as a new version. */
  @Post('func-config/versions/:version/restore')
  @Access('admin', WRITERS)
  @Answers(200, FunctionConfigView, { refuses: ['VERSION_NOT_FOUND', 'VALIDATION_FAILED'] })
  restoreFuncConfig(@CurrentActor() actor: Actor, @VersionParam() version: number): Promise<FunctionConfigView> {
    return this.settings.restore(actor, 'func_config', version);
  }

  /** Show the tools that this server runs. */
  @Get('ext-tools')
  @Access('staff', READERS)
  @Answers(200, ExtToolsView)
  getExtTools(@CurrentActor() actor: Actor): Promise<ExtToolsView> {
    return this.settings.read(actor, 'ext_tools');
  }

  /** Replace the tools that this server runs. The one before stays as a version. */
  @Put('ext-tools')
  @Access('admin', WRITERS)
  @Answers(200, ExtToolsView)
  putExtTools(@CurrentActor() actor: Actor, @Body() body: ExtToolsDto): Promise<ExtToolsView> {
    return this.settings.write(actor, 'ext_tools', toExtTools(body));
  }

  /** List the versions of the tools that this server runs, newest first. */
  @Get('ext-tools/versions')
  @Access('staff', READERS)
  @Answers(200, [ExtToolsVersionView], { refuses: ['INVALID_CURSOR'] })
  listExtToolsVersions(@CurrentActor() actor: Actor, @Query() query: PageQuery): Promise<Page<ExtToolsVersionView>> {
    return this.settings.versions(actor, 'ext_tools', query);
  }

  /** Bring back an earlier version of the tools that this server runs. It becomes the current one as a new version. */
  @Post('ext-tools/versions/:version/restore')
  @Access('admin', WRITERS)
  @Answers(200, ExtToolsView, { refuses: ['VERSION_NOT_FOUND', 'VALIDATION_FAILED'] })
  restoreExtTools(@CurrentActor() actor: Actor, @VersionParam() version: number): Promise<ExtToolsView> {
    return this.settings.restore(actor, 'ext_tools', version);
  }
}
