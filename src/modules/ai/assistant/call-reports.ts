import { Injectable, type OnModuleInit } from '@nestjs/common';
import { LanguageModel, ModelError } from '../../../integrations/llm/index.js';
import { EventBus } from '../../../platform/events/index.js';
import { type JobContext, Jobs } from '../../../platform/jobs/index.js';
import { Scope } from '../../../platform/scope/index.js';
import { CallLog, type Turn } from '../../calls/index.js';
import { TenantIntegrations, UsageService } from '../../tenancy/index.js';
import { SettingsService } from '../settings/settings.service.js';
import { type CallReport, plainReport, readReport, reportMessages, tasksOf } from './call-report.js';
import { Turns } from './turns.js';

declare module '../../../platform/jobs/index.js' {
  interface JobPayloads {
    /** Writes down what a call was about and what came of it. */
    'call.summarise': { call_id: string };
  }
}

const MOST_ATTEMPTS = 4;
const TIMEOUT_MS = 90_000;
const BUDGET_MS = 60_000;
const MAX_TOKENS = 4_096;
/** A turn may still be answered when its caller hangs up. */
const ASK_AGAIN_MS = 5_000;

/** After a call: what it was about and what came of it, by the model where there is one, and kept on the call with the tasks that were made. */
@Injectable()
export class CallReports implements OnModuleInit {
  constructor(
    private readonly jobs: Jobs,
    private readonly events: EventBus,
    private readonly log: CallLog,
    private readonly turns: Turns,
    private readonly integrations: TenantIntegrations,
    private readonly settings: SettingsService,
    private readonly llm: LanguageModel,
    private readonly usage: UsageService,
  ) {}

  onModuleInit(): void {
    this.jobs.define('call.summarise', {
      scope: 'tenant',
      max_attempts: MOST_ATTEMPTS,
      timeout_ms: TIMEOUT_MS,
      handler: ({ call_id }, context) => this.report(call_id, context),
    });
    this.events.during('call.ended', ({ call_id }) => this.jobs.enqueue('call.summarise', { call_id }, { key: call_id }));
  }

  /** Reports on a call, unless that is done or nothing was said. What a person wrote stays. */
  private async report(call_id: string, context: JobContext): Promise<void> {
    const call = await this.log.find(call_id);
    if (!call || call.turn_count === 0 || (call.summary !== null && call.outcome !== null)) return;
    if (await this.turns.isAnswering(call_id)) {
      await this.jobs.enqueue('call.summarise', { call_id }, { key: call_id, run_at: new Date(Date.now() + ASK_AGAIN_MS) });
      return;
    }
    const turns = await this.log.turnsOf(call_id);
    const { summary, outcome } = await this.write(turns, context);
    const tasks = tasksOf(turns);
    await this.log.summarise(call_id, { summary, outcome, metadata: tasks.length > 0 ? { tasks } : {} });
  }

  /** By the model; without one, or where it fails to the last, in the callers' own words. */
  private async write(turns: readonly Turn[], { signal, attempt, max_attempts }: JobContext): Promise<CallReport> {
    const account = await this.integrations.openai();
    if (!account) return plainReport(turns);
    const { model } = await this.settings.prompt();
    const spend = ({ prompt_tokens, completion_tokens }: { prompt_tokens: number; completion_tokens: number }): void =>
      this.usage.count(Scope.clientId(), 'ai_tokens', prompt_tokens + completion_tokens);
    try {
      const request = { model: model ?? account.model, messages: reportMessages(turns), max_tokens: MAX_TOKENS, is_json: true };
      const budget = { signal: AbortSignal.any([signal, AbortSignal.timeout(BUDGET_MS)]), deadline_ms: performance.now() + BUDGET_MS };
      const answer = await this.llm.chat(account, request, { ...budget, on_usage: spend });
      spend(answer.usage);
      const report = readReport(answer.text);
      if (report) return report;
      if (attempt >= max_attempts) return plainReport(turns);
      throw new ModelError('failed', 'The report of the language model is none');
    } catch (error) {
      const is_last = attempt >= max_attempts || (error instanceof ModelError && error.failure === 'refused');
      if (is_last && !signal.aborted) return plainReport(turns);
      throw error;
    }
  }
}
