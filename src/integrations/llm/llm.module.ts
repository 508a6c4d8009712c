import { Global, Module } from '@nestjs/common';
import { LanguageModel } from './language-model.port.js';
import { OpenAiAdapter } from './openai.adapter.js';

/** Language models, for whoever asks them. */
@Global()
@Module({
  providers: [{ provide: LanguageModel, useFactory: () => new OpenAiAdapter() }],
  exports: [LanguageModel],
})
export class LlmModule {}
