import { Injectable } from '@nestjs/common';
import { AppError } from '../../../platform/errors/index.js';
import { PhoneNumbers } from '../../calls/index.js';
import { FaqSearch } from '../faq/faq-search.js';
import { TaskService } from '../task/task.service.js';
import { ToolSchema } from '../tools/tool-schema.js';
import { type Tool, ToolFailure } from './tool.js';
import type { TurnContext } from './turn-context.js';

export const END_CALL = 'end_call';

const MOST_FAQS = 5;
const MOST_TASKS = 20;

const SEARCH_FAQ = {
  type: 'object',
  properties: { query: { type: 'string', minLength: 1, maxLength: 500, description: 'What to look for, in the words of the caller' } },
  required: ['query'],
  additionalProperties: false,
} as const;

const PHONE = { type: 'string', minLength: 1, maxLength: 40 } as const;

const CREATE_TASK = {
  type: 'object',
  properties: {
    name: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      description: "What names the task, one of a kind: the caller's name, date and time, such as タナカ_20241201_1000",
    },
    phone_number: { ...PHONE, description: "Whom to call back; the caller's own number where none is given" },
    start_datetime: {
      type: 'string',
      minLength: 16,
      maxLength: 23,
      description: 'When, by the clock on the wall, without an offset: 2024-12-01T10:00:00',
    },
    request: { type: 'string', minLength: 1, maxLength: 4_000, description: 'What is asked for' },
  },
  required: ['name', 'start_datetime', 'request'],
  additionalProperties: false,
} as const;

const LIST_TASKS = {
  type: 'object',
  properties: {
    phone_number: {
      ...PHONE,
      description: "Those of this number; of all, the caller's own in full and of the others the times alone, where none is given",
    },
    from: { type: 'string', minLength: 10, maxLength: 40, description: 'Not before this time: 2024-12-01T00:00:00' },
    to: { type: 'string', minLength: 10, maxLength: 40, description: 'Before this time' },
    status: { type: 'string', enum: ['open', 'done', 'cancelled'] },
  },
  additionalProperties: false,
} as const;

const END = {
  type: 'object',
  properties: { reason: { type: 'string', maxLength: 500, description: 'Why the call is over' } },
  additionalProperties: false,
} as const;

interface TaskWish {
  name: string;
  phone_number?: string;
  start_datetime: string;
  request: string;
}

interface TaskQuestion {
  phone_number?: string;
  from?: string;
  to?: string;
  status?: 'open' | 'done' | 'cancelled';
}

/** The tools that the assistant has by itself (contract, section 4). They act in the tenant in scope, and for the caller of the turn. */
@Injectable()
export class BuiltInTools {
  constructor(
    private readonly faqs: FaqSearch,
    private readonly tasks: TaskService,
    private readonly numbers: PhoneNumbers,
  ) {}

  /** The tools of one turn. */
  of(context: TurnContext): Tool[] {
    return [
      tool('search_faq', 'Looks up what is known about a question', SEARCH_FAQ, (given, signal) =>
        this.searchFaq(given as { query: string }, signal),
      ),
      tool('create_task', 'Notes down a reservation, a call back or another wish of the caller', CREATE_TASK, (given) =>
        this.createTask(context, given as unknown as TaskWish),
      ),
      tool('list_tasks', 'Shows which tasks there are, to see what is free or what the caller has asked for', LIST_TASKS, (given) =>
        this.listTasks(context, given),
      ),
      tool(END_CALL, 'Ends the call, once the caller has taken leave', END, async () => ({ ended: true })),
    ];
  }

  private async searchFaq({ query }: { query: string }, signal: AbortSignal): Promise<unknown> {
    const hits = await this.faqs.nearest(query, MOST_FAQS, signal);
    return { faqs: hits.map(({ question, answer, is_sure }) => ({ question, answer, is_sure })) };
  }

  private async createTask({ actor, call }: TurnContext, { name, phone_number, start_datetime, request }: TaskWish): Promise<unknown> {
    const number = phone_number ?? (call.is_known ? call.phone_number : undefined);
    if (number === undefined) throw new ToolFailure('The caller hides the number: ask for it, and give it as phone_number');
    if (/^\.\.?$/.test(name)) throw new ToolFailure('That is no name for a task');
    return told(() => this.tasks.create(actor, { name, phone_number: number, start_datetime, request, call_id: call.call_id }));
  }

  /** Who calls sees their own tasks; of the others' only when they are, which is what it takes to find a free time. */
  private async listTasks({ actor, call }: TurnContext, { phone_number, ...wanted }: TaskQuestion): Promise<unknown> {
    const own_key = call.is_known ? call.phone_key : null;
    return told(async () => {
      const page = await this.tasks.list(actor, {
        ...wanted,
        ...(phone_number === undefined ? {} : { phone: phone_number }),
        limit: MOST_TASKS,
      });
      const tasks = await Promise.all(
        page.items.map(async ({ name, phone_number: number, start_datetime, request, status }) =>
          own_key !== null && (await this.numbers.find(number)) === own_key
            ? { name, phone_number: number, start_datetime, request, status }
            : { start_datetime, status, of: 'another caller' },
        ),
      );
      return { tasks, has_more: page.next_cursor !== null };
    });
  }
}

function tool(name: string, description: string, parameters: Record<string, unknown>, run: Tool['run']): Tool {
  return { definition: { name, description, parameters }, check: (given) => ToolSchema.check(parameters, given), run };
}

/** What the caller of a route would be told, the model is told. */
async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof AppError) || error.status >= 500) throw error;
    throw new ToolFailure(error.message, { code: error.code, ...(error.details ? { details: error.details } : {}) });
  }
}
