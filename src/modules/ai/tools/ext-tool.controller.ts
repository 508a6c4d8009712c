import { Body, Controller, Post, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Access, Answers, CurrentActor, type KaiwaResponse, TextParam } from '../../../platform/http/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { ExecuteToolDto } from './ext-tool.dto.js';
import { ExtToolService } from './ext-tool.service.js';
import { ToolOutcomeView } from './ext-tool.view.js';

@ApiTags('Settings')
@Controller('ext-tools')
export class ExtToolController {
  constructor(private readonly tools: ExtToolService) {}

  /**
   * Run one of the tenant's tools. A tool that does not answer, or refuses, is an outcome and no error: its words are for the model that asked.
   * It is called once, and never at a private address.
   */
  @Post(':name/execute')
  @Access('staff', { scope: 'phone' })
  @Answers(200, ToolOutcomeView, { refuses: ['TOOL_NOT_FOUND', 'OVERLOADED'] })
  executeExtTool(
    @CurrentActor() actor: Actor,
    @TextParam('name', 'TOOL_NOT_FOUND', { max: 64, description: 'The name of the tool', example: 'find_slots' }) name: string,
    @Body() body: ExecuteToolDto,
    @Res({ passthrough: true }) response: KaiwaResponse,
  ): Promise<ToolOutcomeView> {
    return this.tools.execute(actor, name, body.arguments, goneSignal(response));
  }
}

/** Aborted where the caller goes away before the answer. */
function goneSignal(response: KaiwaResponse): AbortSignal {
  const gone = new AbortController();
  response.once('close', () => {
    if (!response.writableEnded) gone.abort();
  });
  return gone.signal;
}
