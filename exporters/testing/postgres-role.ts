import { readFile } from 'node:fs/promises';
import type pg from 'pg';

/** The SQL statements of a document for users, in its order: what it tells them to do is what tests do. */
export async function sqlOfDocument(file: URL): Promise<string[]> {
  const blocks = [...(await readFile(file, 'utf8')).matchAll(/^```sql\n([\s\S]*?)^```/gm)];
  const statements = blocks.flatMap(([, text = '']) => text.split(';').map((statement) => statement.trim()));
  return statements.filter((statement) => statement !== '');
}

/** Does what docs/exporters/postgres.md tells an administrator, and returns the URL of a database for the role it makes. */
export async function createExporterRole(admin: pg.Client, url: string): Promise<string> {
  const document = new URL('../../docs/exporters/postgres.md', import.meta.url);
  for (const statement of await sqlOfDocument(document)) await admin.query(statement);
  const { host, pathname } = new URL(url);
  return `postgres://andon_exporter:choose-one@${host}${pathname}`;
}
