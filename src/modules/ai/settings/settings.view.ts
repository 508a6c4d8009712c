import { ApiProperty } from '@nestjs/swagger';
import { TOOL_METHODS, type ToolMethod } from './setting-values.js';

const SCHEMA_EXAMPLE = { type: 'object', properties: { date: { type: 'string', format: 'date' } }, required: ['date'] };

/** How the assistant speaks. */
export class PromptView {
  /**
   * The system prompt; empty for the server's own
   * @example 'あなたは美容室の受付です。'
   */
  prompt: string;

  /**
   * The model; null for the provider's own setting
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  model: string | null;

  /**
   * How freely the model chooses its words; null for its own choice
   * @example 0.5
   */
  @ApiProperty({ type: 'number', multipleOf: 0.01, nullable: true })
  temperature: number | null;

  /**
   * How long a reply may become, in tokens; null for no limit of the tenant's
   * @example 500
   */
  @ApiProperty({ type: 'integer', nullable: true })
  max_tokens: number | null;

  /**
   * The voice of a voice server
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  voice: string | null;
}

/** What a function is called and takes. */
export class FunctionDefinitionView {
  /**
   * Its name
   * @example 'transfer_call'
   */
  name: string;

  /**
   * When the model should call it
   * @example '担当者に電話をつなぐ'
   */
  @ApiProperty({ type: String, nullable: true, required: false })
  description?: string | null;

  /** A JSON Schema of an object: what the model may pass */
  @ApiProperty({ type: 'object', additionalProperties: true, example: SCHEMA_EXAMPLE })
  parameters: Record<string, unknown>;

  /**
   * Whether the model must keep to the schema
   * @example false
   */
  @ApiProperty({ type: Boolean, nullable: true, required: false })
  strict?: boolean | null;
}

/** A tool as OpenAI defines it. */
export class FunctionToolView {
  /** The kind of the tool */
  @ApiProperty({ enum: ['function'], example: 'function' })
  type: 'function';

  /** The function */
  @ApiProperty({ type: () => FunctionDefinitionView })
  function: FunctionDefinitionView;
}

/** The functions that whoever calls `/chat` runs itself. */
export class FunctionConfigView {
  /** The functions */
  @ApiProperty({ type: () => [FunctionToolView] })
  tools: readonly FunctionToolView[];
}

/** A tool that this server runs by HTTP. */
export class ExtToolView {
  /**
   * Its name
   * @example 'find_slots'
   */
  name: string;

  /**
   * When the model should call it
   * @example '空き時間を調べる'
   */
  description: string;

  /** A JSON Schema of an object: what the model may pass */
  @ApiProperty({ type: 'object', additionalProperties: true, example: SCHEMA_EXAMPLE })
  parameters: Record<string, unknown>;

  /** GET and DELETE send the arguments as the query, the others as a JSON body */
  @ApiProperty({ enum: TOOL_METHODS, enumName: 'ToolMethod', example: 'GET' })
  method: ToolMethod;

  /**
   * Where to
   * @example 'https://api.example.com/slots'
   */
  url: string;

  /** The headers that are sent, their values masked */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { Authorization: '****' } })
  headers: Record<string, string>;

  /**
   * How long it may take
   * @example 5000
   */
  @ApiProperty({ type: 'integer' })
  timeout_ms: number;
}

/** The tools that this server runs by HTTP. */
export class ExtToolsView {
  /** The tools */
  @ApiProperty({ type: () => [ExtToolView] })
  tools: readonly ExtToolView[];
}

/** What every version tells of itself. */
class VersionView {
  /**
   * Counts from 1; the highest is the current one
   * @example 3
   */
  @ApiProperty({ type: 'integer' })
  version: number;

  /**
   * When it was written
   * @example '2026-11-20T09:00:00.000Z'
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;

  /**
   * Who wrote it: the id of a user or of an API key, or `operator`
   * @example '019ac1f0-7b1e-7c3a-9d5e-0123456789ab'
   */
  created_by: string;
}

/** A version of the prompt. */
export class PromptVersionView extends VersionView {
  /** What was written */
  @ApiProperty({ type: () => PromptView })
  value: PromptView;
}

/** A version of the functions. */
export class FunctionConfigVersionView extends VersionView {
  /** What was written */
  @ApiProperty({ type: () => FunctionConfigView })
  value: FunctionConfigView;
}

/** A version of the ext-tools. */
export class ExtToolsVersionView extends VersionView {
  /** What was written, its secrets masked */
  @ApiProperty({ type: () => ExtToolsView })
  value: ExtToolsView;
}
