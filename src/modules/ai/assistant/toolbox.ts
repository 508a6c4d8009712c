import { Injectable } from '@nestjs/common';
import { SettingsService } from '../settings/settings.service.js';
import { ToolSchema } from '../tools/tool-schema.js';
import { BuiltInTools } from './built-in-tools.js';
import type { Tool } from './tool.js';
import type { TurnContext } from './turn-context.js';

/** The tools of a turn: the built-in ones, the tenant's functions, which whoever asks runs, and the tenant's tools, which run here. */
@Injectable()
export class Toolbox {
  constructor(
    private readonly builtIn: BuiltInTools,
    private readonly settings: SettingsService,
  ) {}

  /** By name; where two have one name, the built-in one stands. */
  async of(context: TurnContext): Promise<ReadonlyMap<string, Tool>> {
    const functions = context.is_telephone ? [] : await this.settings.functions();
    const tools: Tool[] = [...functions.map((one) => functionTool(one.function)), ...this.builtIn.of(context)];
    return new Map(tools.map((tool) => [tool.definition.name, tool]));
  }
}

function functionTool({
  name,
  description,
  parameters,
}: {
  name: string;
  description?: string | null;
  parameters: Record<string, unknown>;
}): Tool {
  return {
    definition: { name, description: description ?? undefined, parameters },
    check: (given) => ToolSchema.check(parameters, given),
    run: null,
  };
}
