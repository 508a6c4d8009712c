import { parse, CsvError, type Info } from 'csv-parse';
import { stringify } from 'csv-stringify/sync';
import { pipeline } from 'node:stream/promises';
import { JsonListSplitter, NoListError } from './json-list.js';
import type { FaqText } from './faq-terms.js';

/** A row of a file, and the line on which it begins; `fault` where it cannot be read at all. */
export interface FileRow {
  readonly line: number;
  readonly value: unknown;
  readonly fault?: string;
}

/** Thrown where what comes after a line cannot be read either. */
export class BrokenFileError extends Error {
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
    this.name = 'BrokenFileError';
  }
}

/** The longest row, in characters: a question, an answer and tags of full length, every character of them escaped. */
const MAX_ROW = 64 * 1024;

const COLUMNS: Readonly<Record<string, keyof FaqText>> = {
  question: 'question',
  answer: 'answer',
  tags: 'tags',
  質問: 'question',
  回答: 'answer',
  タグ: 'tags',
};

/** What a spreadsheet would take for a formula (OWASP, CSV injection), however many of our own marks stand before it. */
const FORMULA = /^'*[=+\-@\t\r＝＋－＠]/u;
const MARKED_FORMULA = /^'+[=+\-@\t\r＝＋－＠]/u;

/** The rows of a CSV file (RFC 4180) with a header line. @throws BrokenFileError */
export async function* csvRows(text: AsyncIterable<string>): AsyncGenerator<FileRow> {
  const parser = parse({ info: true, bom: true, relax_column_count: true, skip_empty_lines: true, max_record_size: MAX_ROW });
  const fed = pipeline(text, parser);
  // Told by the loop below as well, which may never come to wait for it.
  fed.catch(() => undefined);
  let columns: Array<keyof FaqText> | null = null;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: Info }>) {
      const line = info.lines - record.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
      if (columns === null) columns = headerOf(record, line);
      else if (record.length === columns.length) yield { line, value: faqOf(columns, record) };
      else yield { line, value: null, fault: `has ${record.length} cells where the header has ${columns.length}` };
    }
    await fed;
  } catch (error) {
    if (error instanceof CsvError) throw new BrokenFileError(Number(error['lines'] ?? 1), wordsOf(error));
    throw error;
  }
  if (columns === null) throw new BrokenFileError(1, 'has no header line: question,answer,tags');
}

/** The elements of a JSON list. @throws BrokenFileError */
export async function* jsonRows(text: AsyncIterable<string>): AsyncGenerator<FileRow> {
  const splitter = new JsonListSplitter(MAX_ROW);
  try {
    for await (const piece of text) {
      for (const { text: element, line } of splitter.push(piece)) yield jsonRow(element, line);
    }
    splitter.end();
  } catch (error) {
    if (error instanceof NoListError) throw new BrokenFileError(error.line, error.message);
    throw error;
  }
}

/** Rows as CSV with CRLF and, for spreadsheets, without formulas: they are marked by an apostrophe, which reading takes away again. */
export function toCsv(faqs: readonly FaqText[]): string {
  return stringify(
    faqs.map(({ question, answer, tags }) => [question, answer, joinTags(tags)].map(unharmed)),
    { record_delimiter: 'windows' },
  );
}

/** The first line of {@link toCsv}'s rows, with the mark by which spreadsheets know UTF-8. */
export const CSV_HEADER = '\ufeffquestion,answer,tags\r\n';

function unharmed(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

function headerOf(cells: readonly string[], line: number): Array<keyof FaqText> {
  const columns = cells.map((cell) => {
    const column = COLUMNS[cell.trim().toLowerCase()];
    if (!column)
      throw new BrokenFileError(line, `has the unknown column ${JSON.stringify(cell.slice(0, 50))}; known are question, answer and tags`);
    return column;
  });
  const lacking = (['question', 'answer'] as const).filter((name) => !columns.includes(name));
  if (lacking.length > 0) throw new BrokenFileError(line, `lacks the column ${lacking.join(' and ')}; the first line names the columns`);
  if (new Set(columns).size < columns.length) throw new BrokenFileError(line, 'names a column twice');
  return columns;
}

function faqOf(columns: ReadonlyArray<keyof FaqText>, cells: readonly string[]): Record<string, unknown> {
  const values = columns.map((column, index) => {
    const cell = cells[index] ?? '';
    const text = MARKED_FORMULA.test(cell) ? cell.slice(1) : cell;
    return [column, column === 'tags' ? splitTags(text) : text];
  });
  return Object.fromEntries(values) as Record<string, unknown>;
}

/** Tags stand in one cell with `|` between them; one that is part of a tag has a backslash before it. */
function joinTags(tags: readonly string[]): string {
  return tags.map((tag) => tag.replaceAll(/[\\|]/g, '\\$&')).join('|');
}

function splitTags(cell: string): string[] {
  const tags: string[] = [''];
  for (const [part] of cell.matchAll(/\\[\\|]|[^]/gu)) {
    if (part === '|') tags.push('');
    else tags.push((tags.pop() ?? '') + (part.length > 1 && part.startsWith('\\') ? part.slice(1) : part));
  }
  return tags.map((tag) => tag.trim()).filter((tag) => tag !== '');
}

function jsonRow(element: string, line: number): FileRow {
  try {
    return { line, value: JSON.parse(element) as unknown };
  } catch {
    return { line, value: null, fault: 'is not well-formed JSON' };
  }
}

function wordsOf({ code }: CsvError): string {
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'opens a quote that is never closed';
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'INVALID_OPENING_QUOTE':
      return 'has a quote where none can stand; a quote within a cell is written twice';
    case 'CSV_MAX_RECORD_SIZE':
      return `is longer than ${MAX_ROW} characters`;
    default:
      return 'is no line of CSV';
  }
}
