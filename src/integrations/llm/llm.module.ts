import { Global, Module } from '@nestjs/common';
import { Config } from '../../platform/config/index.js';
import { LanguageModel } from './language-model.port.js';
import { OpenAiAdapter } from './openai.adapter.js';

/** Language models, for whoever asks them. */
@Global()
@Module({
  providers: [
    {
      provide: LanguageModel,
      inject: [Config],
      useFactory: ({ env }: Config) => new OpenAiAdapter({ is_wanted: env.OPENAI_API_KEY !== undefined }),
    },
  ],
  exports: [LanguageModel],
})
export class LlmModule {}
