export { AI_ENTITIES, AiModule } from './ai.module.js';
export { AssistantModule } from './assistant/assistant.module.js';
export { FaqSearch, type FaqHit } from './faq/faq-search.js';
export { FaqService } from './faq/faq.service.js';
export { SettingsService } from './settings/settings.service.js';
export { BUILT_IN_TOOLS, type ExtTool, type FunctionTool, type PromptSettings } from './settings/setting-values.js';
export { type NewTask, TaskService } from './task/task.service.js';
export { ToolSchema } from './tools/tool-schema.js';
export { ExtToolRunner, type ToolOutcome } from './tools/ext-tool-runner.js';
