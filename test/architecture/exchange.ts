import type { Answer, Api, ApiInit } from '../support/server.js';
import { codesOf, type Json, type Operation } from './api-document.js';

/** Sends requests of described operations, and holds every answer to what the document says of it. */
export class Caller {
  /** Answers that the document does not name, each once. */
  readonly undocumented = new Set<string>();
  /** How many answers were looked at. */
  count = 0;

  async call(operation: Operation, api: Api, path: string, init: ApiInit = {}): Promise<Answer<Json>> {
    const answer = await api(path, { method: operation.method, ...init });
    this.count++;
    const what = `${operation.id} answers ${answer.status}`;
    const code = codeOf(answer) ?? '';
    if (!operation.responses[String(answer.status)]) this.undocumented.add(`${what} ${code}`);
    else if (answer.status >= 400 && code !== '') {
      const codes = codesOf(operation, answer.status);
      if (!codes.includes(code)) this.undocumented.add(`${what} ${code}, of which the document knows ${codes.join(', ')}`);
    }
    return answer;
  }
}

/** The code of an error, or undefined. */
export function codeOf(answer: Answer): string | undefined {
  const body = answer.body as { code?: string } | null;
  return body !== null && typeof body === 'object' ? body.code : undefined;
}

/** True where an answer is the error `code`. An answer to HEAD has no body: there it is its status that tells, by what the document says of it. */
export function tells(operation: Operation, answer: Answer, code: string): boolean {
  return operation.method === 'HEAD' ? codesOf(operation, answer.status).includes(code) : codeOf(answer) === code;
}

/** An answer as its reader sees it: without the request's id, and with `words` replaced, so that two can be compared. */
export function shownOf(answer: Answer, words: readonly string[] = []): string {
  const body =
    answer.body !== null && typeof answer.body === 'object' && !Array.isArray(answer.body)
      ? { ...answer.body, request_id: 'any' }
      : answer.body;
  let text = `${answer.status} ${JSON.stringify(body)}`;
  for (const word of words) if (word.length > 2) text = text.replaceAll(word, '<it>');
  return text;
}

/** Runs `work` for each item, a few at a time. */
export async function eachOf<T>(items: readonly T[], work: (item: T) => Promise<void>, at_a_time = 6): Promise<void> {
  const waiting = [...items];
  const run = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: at_a_time }, run));
}
