import pg from 'pg';

/** Runs one statement past the server, as superuser: to age rows, and to see what is stored. */
export async function sql<Row = Record<string, unknown>>(database_url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: database_url });
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Row[];
  } finally {
    await client.end();
  }
}
