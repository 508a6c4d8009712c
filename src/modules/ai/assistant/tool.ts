import type { ModelTool } from '../../../integrations/llm/index.js';

/** A tool that the model may call in one turn. */
export interface Tool {
  readonly definition: ModelTool;
  /** What is wrong with the arguments, in words for the model; nothing runs unless this is empty. */
  check(given: Record<string, unknown>): string[];
  /** Does it and answers its result; null where whoever asked has to do it. */
  readonly run: ((given: Record<string, unknown>, signal: AbortSignal) => Promise<unknown>) | null;
}

/** A tool that was tried and did not do what it was asked; its words are for the model. */
export class ToolFailure extends Error {
  constructor(
    message: string,
    readonly result: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'ToolFailure';
  }
}
