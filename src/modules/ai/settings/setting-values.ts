/** The settings of the assistant that have versions. */
export const SETTING_KINDS = ['prompt', 'func_config', 'ext_tools'] as const;
export type SettingKind = (typeof SETTING_KINDS)[number];

/** A JSON Schema, as OpenAI's tools have it. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** How the assistant speaks; null where the server's own choice stands. */
export interface PromptSettings {
  readonly prompt: string;
  readonly model: string | null;
  readonly temperature: number | null;
  readonly max_tokens: number | null;
  readonly voice: string | null;
}

/** A function that whoever calls `/chat` runs: OpenAI's tool definition. */
export interface FunctionTool {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly description?: string | null;
    readonly parameters: JsonSchema;
    readonly strict?: boolean | null;
  };
}

export interface FunctionSettings {
  readonly tools: readonly FunctionTool[];
}

export const TOOL_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type ToolMethod = (typeof TOOL_METHODS)[number];

/** A tool that this server runs by HTTP. As it is kept, its headers' values are sealed. */
export interface ExtTool {
  readonly name: string;
  readonly description: string;
  readonly parameters: JsonSchema;
  readonly method: ToolMethod;
  /** May have `{argument}` in its path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeout_ms: number;
}

export interface ExtToolSettings {
  readonly tools: readonly ExtTool[];
}

export interface SettingValues {
  prompt: PromptSettings;
  func_config: FunctionSettings;
  ext_tools: ExtToolSettings;
}

/** What stands while nobody has written anything. */
export const DEFAULT_VALUES: { readonly [K in SettingKind]: SettingValues[K] } = {
  prompt: { prompt: '', model: null, temperature: null, max_tokens: null, voice: null },
  func_config: { tools: [] },
  ext_tools: { tools: [] },
};

/** The tools that the assistant has by itself; no other may have their names. */
export const BUILT_IN_TOOLS: readonly string[] = ['search_faq', 'create_task', 'list_tasks', 'end_call'];
