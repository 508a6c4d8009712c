import { Injectable } from '@nestjs/common';
import type { ModelUsage } from '../../../integrations/llm/index.js';
import { FaqSearch } from '../faq/faq-search.js';
import { storableText } from './safe-json.js';
import type { Answerer, TurnContext, TurnWork } from './turn-context.js';
import { isFarewell, languageOf, WORDS } from './wording.js';

const NOTHING: ModelUsage = { prompt_tokens: 0, completion_tokens: 0 };

/**
 * The answerer that needs no key: it reads out the FAQ that answers the question, as the tenant wrote it, and says so where there is none. It
 * calls no tools and makes nothing up.
 */
@Injectable()
export class FaqAnswerer implements Answerer {
  readonly provider = 'faq';
  readonly model = null;

  constructor(private readonly faqs: FaqSearch) {}

  async prepare(context: TurnContext): Promise<TurnWork> {
    return new FaqTurn(context, this.faqs);
  }
}

class FaqTurn implements TurnWork {
  text = '';
  readonly tool_calls = [];
  readonly usage = NOTHING;
  is_over = false;

  constructor(
    private readonly context: TurnContext,
    private readonly faqs: FaqSearch,
  ) {}

  async run(): Promise<void> {
    this.text = storableText(await this.answer());
    await this.context.listener.text?.(this.text);
  }

  private async answer(): Promise<string> {
    const { user_text, signal } = this.context;
    const language = languageOf(user_text);
    if (isFarewell(user_text)) {
      this.is_over = true;
      return WORDS.farewell[language];
    }
    const [best] = await this.faqs.nearest(user_text, 1, signal);
    return best?.is_sure ? best.answer : WORDS.no_faq[language];
  }
}
