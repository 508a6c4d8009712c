import { AppError, type ErrorDetail } from '../../../platform/errors/index.js';
import type { ToolCall, Turn } from '../../calls/index.js';
import { valueOf } from './safe-json.js';

/** What a tool answered that whoever asks has run. */
export interface ToolResult {
  readonly id: string;
  readonly content: string;
}

/**
 * The calls of a turn with the results that it waits for filled in. Where it has them all and no answer came of it, the `unanswered` ones may
 * be given again.
 *
 * @throws VALIDATION_FAILED naming every result that is not waited for, and every one that is missing
 */
export function withResults(turn: Turn | null, results: readonly ToolResult[], unanswered: readonly string[]): ToolCall[] {
  const waiting = (turn?.tool_calls ?? []).filter(({ status }) => status === 'pending').map(({ id }) => id);
  const pending = new Set(waiting.length > 0 ? waiting : unanswered);
  if (!turn || pending.size === 0) throw AppError.field('tool_results', 'the last turn of this call waits for none');
  const given = new Map(results.map(({ id, content }) => [id, content]));
  const faults: ErrorDetail[] = results.flatMap(({ id }, index) => {
    if (!pending.has(id)) return [{ field: `tool_results[${index}].id`, message: 'is no call that the last turn waits for' }];
    return results.findIndex((one) => one.id === id) < index ? [{ field: `tool_results[${index}].id`, message: 'is given twice' }] : [];
  });
  for (const id of pending) if (!given.has(id)) faults.push({ field: 'tool_results', message: `must have the result of ${id}` });
  if (faults.length > 0) throw new AppError('VALIDATION_FAILED', { details: faults });
  return turn.tool_calls.map((call) =>
    pending.has(call.id) ? { ...call, status: 'done', result: valueOf(given.get(call.id) ?? '') } : call,
  );
}
