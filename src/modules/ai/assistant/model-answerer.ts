import { type LanguageModel, type ModelUsage } from '../../../integrations/llm/index.js';
import type { Turn } from '../../calls/index.js';
import type { OpenAiSettings, TenantFacts } from '../../tenancy/index.js';
import type { FaqHit } from '../faq/faq-search.js';
import type { PromptSettings } from '../settings/setting-values.js';
import { END_CALL } from './built-in-tools.js';
import { historyMessages, priorMessages, systemMessage } from './conversation.js';
import type { Tool } from './tool.js';
import { type Ask, ToolLoop } from './tool-loop.js';
import type { Answerer, TurnContext, TurnWork } from './turn-context.js';

/** What an answer may be long where the tenant says nothing, in tokens: a spoken answer has a hundred, but some models think aloud. */
const MAX_TOKENS = 4_096;

/** What a turn of a model is made of; each is read when the turn is prepared. */
export interface ModelKnowledge {
  readonly prompt: PromptSettings;
  readonly tenant: TenantFacts;
  tools(context: TurnContext): Promise<ReadonlyMap<string, Tool>>;
  history(context: TurnContext): Promise<readonly Turn[]>;
  faqs(context: TurnContext): Promise<readonly FaqHit[]>;
}

/** What of a turn's time is the model's alone, to answer in whatever its tools did. */
const MOST_ANSWER_MS = 5_000;

/** The answerer behind an OpenAI-compatible server. */
export class ModelAnswerer implements Answerer {
  readonly provider = 'openai';
  readonly model: string;

  constructor(
    private readonly llm: LanguageModel,
    private readonly account: OpenAiSettings,
    private readonly knowledge: ModelKnowledge,
  ) {
    this.model = knowledge.prompt.model ?? account.model;
  }

  async prepare(context: TurnContext): Promise<TurnWork> {
    const { prompt, tenant } = this.knowledge;
    const [tools, history, faqs] = await Promise.all([
      this.knowledge.tools(context),
      this.knowledge.history(context),
      this.knowledge.faqs(context),
    ]);
    const situation = {
      prompt: prompt.prompt,
      tenant_name: tenant.name,
      timezone: tenant.timezone,
      now: new Date(),
      phone_number: context.call.is_known ? context.call.phone_number : null,
      faqs,
    };
    const messages = [
      systemMessage(situation),
      ...historyMessages(history),
      { role: 'user' as const, content: context.user_text },
      ...priorMessages(context.said, context.prior),
    ];
    let spend: (usage: ModelUsage) => void = () => undefined;
    const ask: Ask = ({ messages: said, tools: described, may_call, on_text }) =>
      this.llm.chat(
        this.account,
        {
          model: this.model,
          messages: said,
          tools: described,
          may_call,
          temperature: prompt.temperature,
          max_tokens: prompt.max_tokens ?? MAX_TOKENS,
        },
        { signal: context.signal, deadline_ms: context.deadline_ms, on_text, on_usage: (usage) => spend(usage) },
      );
    const left_ms = context.deadline_ms - performance.now();
    const loop = new ToolLoop(messages, {
      ask,
      tools,
      signal: context.signal,
      tools_until_ms: context.deadline_ms - Math.min(MOST_ANSWER_MS, left_ms / 4),
      listener: context.listener,
      ends_by: END_CALL,
      prior: context.prior,
    });
    spend = (usage) => loop.spend(usage);
    return loop;
  }
}
