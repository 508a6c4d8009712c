import { Injectable } from '@nestjs/common';
import type { ExtTool, FunctionTool } from '../settings/setting-values.js';
import { SettingsService } from '../settings/settings.service.js';
import { ExtToolRunner } from '../tools/ext-tool-runner.js';
import { ToolSchema } from '../tools/tool-schema.js';
import { BuiltInTools } from './built-in-tools.js';
import { type Tool, ToolFailure } from './tool.js';
import { valueOf } from './safe-json.js';
import type { TurnContext } from './turn-context.js';

/** How much is told of why a tool refused. */
const LONGEST_REFUSAL = 1_000;

/** The tools of a turn: the built-in ones, the tenant's functions, which whoever asks runs, and the tenant's tools, which run here. */
@Injectable()
export class Toolbox {
  constructor(
    private readonly builtIn: BuiltInTools,
    private readonly settings: SettingsService,
    private readonly runner: ExtToolRunner,
  ) {}

  /** By name; where two have one name, the built-in one stands. */
  async of(context: TurnContext): Promise<ReadonlyMap<string, Tool>> {
    const [functions, extTools] = await Promise.all([context.is_telephone ? [] : this.settings.functions(), this.settings.extTools()]);
    const tools: Tool[] = [
      ...functions.map((one) => functionTool(one.function)),
      ...extTools.map((one) => this.extTool(one)),
      ...this.builtIn.of(context),
    ];
    return new Map(tools.map((tool) => [tool.definition.name, tool]));
  }

  private extTool({ name, description, parameters }: ExtTool): Tool {
    return {
      definition: { name, description, parameters },
      check: (given) => ToolSchema.check(parameters, given),
      run: async (given, signal) => {
        const { status, http_status, content } = await this.runner.run(name, given, signal);
        if (status === 'failed') throw new ToolFailure('The tool failed', { http_status, content: content.slice(0, LONGEST_REFUSAL) });
        return valueOf(content);
      },
    };
  }
}

function functionTool({ name, description, parameters, strict }: FunctionTool['function']): Tool {
  return {
    definition: { name, description: description ?? undefined, parameters, strict: strict ?? undefined },
    check: (given) => ToolSchema.check(parameters, given),
    run: null,
  };
}
