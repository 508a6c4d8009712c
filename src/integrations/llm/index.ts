export * from './whisper.js';
export * from './language-model.port.js';
export { LlmModule } from './llm.module.js';
export { ModelError, type ModelFailure } from './model-error.js';
