import type { ExtToolSettings, FunctionSettings, PromptSettings } from './setting-values.js';
import type { ExtToolsDto, FunctionConfigDto, PromptDto } from './settings.dto.js';

const DEFAULT_TIMEOUT_MS = 10_000;

/** Bodies as they are kept: plain objects, with what was left out filled in. */
export function toPrompt({ prompt, model, temperature, max_tokens, voice }: PromptDto): PromptSettings {
  return { prompt, model: model ?? null, temperature: temperature ?? null, max_tokens: max_tokens ?? null, voice: voice ?? null };
}

export function toFunctions({ tools }: FunctionConfigDto): FunctionSettings {
  return { tools: tools.map((tool) => ({ type: tool.type, function: { ...tool.function } })) };
}

export function toExtTools({ tools }: ExtToolsDto): ExtToolSettings {
  return {
    tools: tools.map(({ name, description, parameters, method, url, headers, timeout_ms }) => ({
      name,
      description,
      parameters,
      method,
      url,
      headers: headers ?? {},
      timeout_ms: timeout_ms ?? DEFAULT_TIMEOUT_MS,
    })),
  };
}
