import { randomUUID } from 'node:crypto';
import type { Client } from 'pg';
import { type Column, rowsOf } from './catalog.js';

type Row = Record<string, unknown>;

/** Values that a table's checks ask for and that cannot be told from its columns. */
const SPECIMENS: Record<string, Row> = {
  file_attachments: { object_kind: 'room' },
  // A page by password would need one.
  pages: { access_type: 0 },
};

const CHECKS = `
  select t.relname as table, a.attname as column, pg_get_constraintdef(k.oid) as text
    from pg_constraint k join pg_class t on t.oid = k.conrelid join pg_attribute a on a.attrelid = t.oid and a.attnum = any(k.conkey)
   where k.contype = 'c' and t.relnamespace = 'public'::regnamespace`;

/** Makes rows of any table from what the catalogue says of its columns. */
export class RowMaker {
  private constructor(
    private readonly columns: Column[],
    private readonly words: ReadonlyMap<string, string>,
  ) {}

  static async of(client: Client, columns: Column[]): Promise<RowMaker> {
    const checks = await rowsOf<{ table: string; column: string; text: string }>(client, CHECKS);
    const words = new Map<string, string>();
    for (const { table, column, text } of checks) {
      const word = /= ANY \(+ARRAY\['([^']+)'/.exec(text)?.[1];
      if (word !== undefined) words.set(`${table}.${column}`, word);
    }
    return new RowMaker(columns, words);
  }

  /** A row of a tenant, with all that the table requires. */
  row(table: string, client_id: string): Row {
    const row: Row = {};
    for (const column of this.columns.filter((one) => one.table === table)) {
      if (column.name === 'client_id') row.client_id = client_id;
      else if (column.is_required && !column.has_default) row[column.name] = this.value(column);
    }
    return { ...row, ...SPECIMENS[table] };
  }

  private value({ table, name, type, is_array }: Column): unknown {
    if (is_array) return [];
    const word = this.words.get(`${table}.${name}`);
    if (word !== undefined) return word;
    switch (type) {
      case 'uuid':
        return randomUUID();
      case 'text':
      case 'varchar':
      case 'citext':
        return `specimen-${randomUUID()}`;
      case 'bool':
        return false;
      case 'int2':
      case 'int4':
      case 'int8':
      case 'numeric':
      case 'float8':
        return 1;
      case 'json':
      case 'jsonb':
        return {};
      case 'bytea':
        return Buffer.from('specimen');
      case 'date':
        return '2026-11-20';
      case 'timestamp':
      case 'timestamptz':
        return '2026-11-20T09:00:00.000Z';
      default:
        throw new Error(`${table}.${name} is of the type ${type}: say in test/architecture/rows.ts what a value of it looks like`);
    }
  }
}

/** Inserts a row; the error names the table. */
export async function insertRow(client: Client, table: string, row: Row): Promise<void> {
  const names = Object.keys(row);
  const text = `insert into ${table} (${names.join(', ')}) values (${names.map((_, index) => `$${index + 1}`).join(', ')})`;
  try {
    await client.query(
      text,
      Object.values(row).map((value) => (isJson(value) ? JSON.stringify(value) : value)),
    );
  } catch (error) {
    throw new Error(
      `${table}: ${(error as Error).message}; where a check asks for more, add a row to SPECIMENS in test/architecture/rows.ts`,
      {
        cause: error,
      },
    );
  }
}

function isJson(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);
}
