import { Injectable } from '@nestjs/common';
import { LanguageModel } from '../../../integrations/llm/index.js';
import { AppError } from '../../../platform/errors/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { CallLog, type Turn } from '../../calls/index.js';
import { TenantDirectory, TenantIntegrations } from '../../tenancy/index.js';
import { FaqSearch } from '../faq/faq-search.js';
import { SettingsService } from '../settings/settings.service.js';
import { FaqAnswerer } from './faq-answerer.js';
import { ModelAnswerer } from './model-answerer.js';
import { Toolbox } from './toolbox.js';
import type { Answerer, TurnContext } from './turn-context.js';

const MOST_FAQS = 4;

/** Who answers for the tenant in scope: a model where one is configured, else the FAQs alone. */
@Injectable()
export class Answerers {
  constructor(
    private readonly llm: LanguageModel,
    private readonly integrations: TenantIntegrations,
    private readonly tenants: TenantDirectory,
    private readonly settings: SettingsService,
    private readonly log: CallLog,
    private readonly faqs: FaqSearch,
    private readonly toolbox: Toolbox,
    private readonly faqAnswerer: FaqAnswerer,
  ) {}

  async current(): Promise<Answerer> {
    const account = await this.integrations.openai();
    if (!account) return this.faqAnswerer;
    const [prompt, tenant] = await Promise.all([this.settings.prompt(), this.tenants.find(Scope.clientId())]);
    if (!tenant) throw new AppError('UNKNOWN_CLIENT');
    return new ModelAnswerer(this.llm, account, {
      prompt,
      tenant,
      tools: (context) => this.toolbox.of(context),
      history: (context) => this.historyOf(context),
      faqs: ({ user_text, signal }) => this.faqs.nearest(user_text, MOST_FAQS, signal),
    });
  }

  /** What this number said lately; of callers who hide theirs, what was said in this call. */
  private async historyOf({ call, turn }: TurnContext): Promise<readonly Turn[]> {
    const { history_turns, history_hours } = await this.integrations.assistant();
    if (history_turns === 0) return [];
    const turns = call.is_known
      ? await this.log.recentTurns(call.phone_number, { limit: history_turns + 1, within_hours: history_hours })
      : await this.log.turnsOf(call.call_id);
    const earlier = turns.filter((one) => one.call_id !== call.call_id || one.turn !== turn);
    return earlier.slice(-history_turns);
  }
}
