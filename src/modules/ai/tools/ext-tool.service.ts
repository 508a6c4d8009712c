import { Injectable } from '@nestjs/common';
import { AppError } from '../../../platform/errors/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { assertAi } from '../ai.policy.js';
import { ExtToolRunner, type ToolOutcome } from './ext-tool-runner.js';
import { ToolSchema } from './tool-schema.js';

/** The tenant's own tools, for callers that hold the conversation themselves, such as a voice server. */
@Injectable()
export class ExtToolService {
  constructor(private readonly runner: ExtToolRunner) {}

  /** Runs a tool; `signal` ends it where its caller goes away. @throws FORBIDDEN, TOOL_NOT_FOUND, VALIDATION_FAILED, OVERLOADED */
  async execute(actor: Actor, name: string, args: Record<string, unknown>, signal: AbortSignal): Promise<ToolOutcome> {
    assertAi(actor, 'tools.execute');
    const { parameters } = await this.runner.get(name);
    const faults = ToolSchema.argumentFaults(parameters, args);
    const details = faults.map(({ field, message }) => ({ field: field === '' ? 'arguments' : `arguments.${field}`, message }));
    if (details.length > 0) throw new AppError('VALIDATION_FAILED', { details });
    return this.runner.run(name, args, signal);
  }
}
