import { IsFlag, IsIntField, IsJsonObject, IsNumberField, IsOneOf, IsText, IsTextMap, Nested } from '../../../platform/http/index.js';
import { TOOL_METHODS, type ToolMethod } from './setting-values.js';

/** Settings are read as they are written, so that what was read can be changed and sent back. */

const MAX_PROMPT = 32_768;
const MAX_TOOLS = 64;
const TOOL_NAME = { expression: /^[a-zA-Z0-9_-]{1,64}$/, message: 'must be 1 to 64 characters of a-z, A-Z, 0-9, _ and -' };
const PARAMETERS = {
  description: 'A JSON Schema (2020-12) of an object: what the model may pass',
  example: { type: 'object', properties: { date: { type: 'string', format: 'date' } }, required: ['date'] },
};

/** How the assistant speaks. */
export class PromptDto {
  @IsText({
    min: 0,
    max: MAX_PROMPT,
    description: "The system prompt; at most 32 KiB of UTF-8. The server's own where it is empty",
    example: 'あなたは美容室の受付です。',
  })
  prompt: string;

  @IsText({
    min: 1,
    max: 200,
    optional: true,
    description: "The model; the provider's own setting where none is given",
    example: 'gpt-5-mini',
  })
  model?: string | null;

  @IsNumberField({
    min: 0,
    max: 2,
    step: 0.01,
    optional: true,
    description: 'How freely the model chooses its words; one that decides so itself is asked without',
    example: 0.5,
  })
  temperature?: number | null;

  @IsIntField({ min: 1, max: 128_000, optional: true, description: 'How long a reply may become, in tokens', example: 500 })
  max_tokens?: number | null;

  @IsText({ min: 1, max: 100, optional: true, description: 'The voice of a voice server', example: 'alloy' })
  voice?: string | null;
}

/** What a function is called and takes. */
export class FunctionDefinitionDto {
  @IsText({ min: 1, max: 64, pattern: TOOL_NAME, description: 'Its name; no other tool has it', example: 'transfer_call' })
  name: string;

  @IsText({ min: 0, max: 2_000, optional: true, description: 'When the model should call it', example: '担当者に電話をつなぐ' })
  description?: string | null;

  @IsJsonObject(PARAMETERS)
  parameters: Record<string, unknown>;

  @IsFlag({ optional: true, description: 'Whether the model must keep to the schema', example: false })
  strict?: boolean | null;
}

/** A tool as OpenAI defines it. */
export class FunctionToolDto {
  @IsOneOf(['function'], { description: 'The kind of the tool' })
  type: 'function';

  @Nested(() => FunctionDefinitionDto, { description: 'The function' })
  function: FunctionDefinitionDto;
}

/** The functions that whoever calls `/chat` runs itself. */
export class FunctionConfigDto {
  @Nested(() => FunctionToolDto, { each: true, max_items: MAX_TOOLS, description: 'The functions, in place of those before' })
  tools: FunctionToolDto[];
}

/** A tool that this server runs by HTTP. */
export class ExtToolDto {
  @IsText({ min: 1, max: 64, pattern: TOOL_NAME, description: 'Its name; no other tool has it', example: 'find_slots' })
  name: string;

  @IsText({ min: 0, max: 2_000, description: 'When the model should call it', example: '空き時間を調べる' })
  description: string;

  @IsJsonObject(PARAMETERS)
  parameters: Record<string, unknown>;

  @IsOneOf(TOOL_METHODS, {
    enum_name: 'ToolMethod',
    description: 'GET and DELETE send the arguments as the query, the others as a JSON body',
  })
  method: ToolMethod;

  @IsText({
    min: 1,
    max: 2_000,
    description: 'Where to; never a private address. `{argument}` in its path or query is replaced by that argument',
    example: 'https://api.example.com/slots',
  })
  url: string;

  @IsTextMap({
    optional: true,
    description:
      'Headers to send. Values are encrypted at rest and read back masked; a masked value that is sent back stands for the one that is kept',
    example: { Authorization: 'Bearer secret' },
  })
  headers?: Record<string, string> | null;

  @IsIntField({ min: 100, max: 30_000, default: 10_000, optional: true, description: 'How long it may take', example: 5_000 })
  timeout_ms?: number | null;
}

/** The tools that this server runs by HTTP. */
export class ExtToolsDto {
  @Nested(() => ExtToolDto, { each: true, max_items: MAX_TOOLS, description: 'The tools, in place of those before' })
  tools: ExtToolDto[];
}
