import { setImmediate as breathe } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database } from '../../../platform/database/index.js';
import { AppError, type ErrorDetail } from '../../../platform/errors/index.js';
import { MAX_DETAILS, validatorOf } from '../../../platform/http/index.js';
import { newId } from '../../../platform/ids/index.js';
import type { Actor } from '../../../platform/scope/index.js';
import { AuditService } from '../../tenancy/index.js';
import { assertAi } from '../ai.policy.js';
import { CreateFaqDto, type ExistingFaqs } from './faq.dto.js';
import { FaqRepository, type WholeFaq } from './faq.repository.js';
import { FaqEmbeddings } from './faq-embeddings.js';
import { BrokenFileError, csvRows, CSV_HEADER, type FileRow, jsonRows, toCsv } from './faq-table.js';
import { TERMS_TURN, termsOfFaq } from './faq-terms.js';
import { charsetOf, textOf } from './file-text.js';

/** How a file of FAQs is written. */
export type FaqFormat = 'csv' | 'json';

/** What an import did. */
export interface ImportReport {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

interface ReadFaq extends WholeFaq {
  readonly line: number;
}

export const MAX_IMPORT_BYTES = 10 * 1024 * 1024;
export const MAX_IMPORT_ROWS = 5_000;
const BATCH = 200;

/** FAQs in bulk: from a file, and into one. */
@Injectable()
export class FaqImportService {
  constructor(
    private readonly database: Database,
    private readonly faqs: FaqRepository,
    private readonly embeddings: FaqEmbeddings,
    private readonly audit: AuditService,
  ) {}

  /**
   * Takes the FAQs of a file, all of them or none: what is wrong is told by line. The file is read first, as it comes, and written then, so
   * that no transaction waits for whoever sends it.
   * @throws FORBIDDEN, UNSUPPORTED_MEDIA_TYPE, PAYLOAD_TOO_LARGE, VALIDATION_FAILED, TOO_MANY_FAQS
   */
  async take(actor: Actor, bytes: AsyncIterable<Uint8Array>, content_type: string, existing: ExistingFaqs): Promise<ImportReport> {
    assertAi(actor, 'faqs.write');
    const read = await this.read(bytes, content_type);
    // In one order, so that two imports cannot wait for each other.
    read.sort((a, b) => (a.question < b.question ? -1 : 1));
    return this.database.transaction(
      async () => {
        let [created, updated] = [0, 0];
        for (let at = 0; at < read.length; at += BATCH) {
          const batch = read.slice(at, at + BATCH);
          const written = await this.faqs.write(batch, existing === 'update');
          if (existing === 'refuse' && written.length < batch.length) throw refuseExisting(batch, new Set(written.map(({ id }) => id)));
          created += written.filter(({ is_new }) => is_new).length;
          updated += written.filter(({ is_new }) => !is_new).length;
        }
        if (created > 0) await this.faqs.assertRoom();
        await this.embeddings.want();
        await this.audit.record(actor, 'faqs.imported', 'faqs', null, { created, updated });
        return { created, updated, unchanged: read.length - created - updated };
      },
      { retry: true },
    );
  }

  /** Every FAQ by its question, piece by piece; each piece is read when the one before it is gone. @throws FORBIDDEN, before the first piece */
  export(actor: Actor, format: FaqFormat): AsyncGenerator<string> {
    assertAi(actor, 'faqs.write');
    return format === 'csv' ? this.exportCsv() : this.exportJson();
  }

  private async *exportCsv(): AsyncGenerator<string> {
    yield CSV_HEADER;
    for await (const faqs of this.faqs.all()) yield toCsv(faqs);
  }

  private async *exportJson(): AsyncGenerator<string> {
    let before = '[\n';
    for await (const faqs of this.faqs.all()) {
      yield before + faqs.map(({ question, answer, tags }) => JSON.stringify({ question, answer, tags })).join(',\n');
      before = ',\n';
    }
    yield before === ',\n' ? '\n]\n' : '[]\n';
  }

  private async read(bytes: AsyncIterable<Uint8Array>, content_type: string): Promise<ReadFaq[]> {
    const text = textOf(bytes, charsetOf(content_type), MAX_IMPORT_BYTES);
    const rows = formatOf(content_type) === 'csv' ? csvRows(text) : jsonRows(text);
    const faults: ErrorDetail[] = [];
    const read: ReadFaq[] = [];
    const lines = new Map<string, number>();
    try {
      for await (const row of rows) {
        if (faults.length >= MAX_DETAILS) break;
        const faq = readRow(row, lines, faults);
        if (!faq) continue;
        if (read.length >= MAX_IMPORT_ROWS)
          throw new AppError('PAYLOAD_TOO_LARGE', { message: `A file holds ${MAX_IMPORT_ROWS} FAQs at most` });
        read.push(faq);
        if (read.length % TERMS_TURN === 0) await breathe();
      }
    } catch (error) {
      if (!(error instanceof BrokenFileError)) throw error;
      faults.push({ field: `line ${error.line}`, message: error.message });
    }
    if (faults.length > 0) throw new AppError('VALIDATION_FAILED', { details: faults.slice(0, MAX_DETAILS) });
    return read;
  }
}

/** @throws UNSUPPORTED_MEDIA_TYPE */
function formatOf(content_type: string): FaqFormat {
  if (/^(text|application)\/csv\s*(;|$)/i.test(content_type)) return 'csv';
  if (/^application\/json\s*(;|$)/i.test(content_type)) return 'json';
  throw new AppError('UNSUPPORTED_MEDIA_TYPE', { message: 'The body must be text/csv or application/json' });
}

function readRow({ line, value, fault }: FileRow, lines: Map<string, number>, faults: ErrorDetail[]): ReadFaq | null {
  if (fault !== undefined) {
    faults.push({ field: `line ${line}`, message: fault });
    return null;
  }
  const { value: faq, errors } = validatorOf(CreateFaqDto).validate(withoutTimes(value) ?? null);
  if (errors) {
    faults.push(...errors.map(({ field, message }) => ({ field: field === '' ? `line ${line}` : `line ${line}: ${field}`, message })));
    return null;
  }
  const { question, answer } = faq;
  const earlier = lines.get(question);
  if (earlier !== undefined) {
    faults.push({ field: `line ${line}: question`, message: `stands on line ${earlier} already` });
    return null;
  }
  lines.set(question, line);
  const text = { question, answer, tags: [...new Set(faq.tags ?? [])] };
  return { line, id: newId(), ...text, terms: termsOfFaq(text) };
}

/** What `GET /faqs` shows can be taken as it is: its times are the server's own. */
function withoutTimes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([name]) => name !== 'created_at' && name !== 'updated_at'));
}

function refuseExisting(batch: readonly ReadFaq[], written: ReadonlySet<string>): AppError {
  const details = batch
    .filter(({ id }) => !written.has(id))
    .map(({ line }) => ({ field: `line ${line}: question`, message: 'is there already' }));
  return new AppError('VALIDATION_FAILED', { details: details.slice(0, MAX_DETAILS) });
}
