/** Each operation at most once in a table; this is what the weakness `idempotency` takes away. */
export function uniqueOpId(table: string, unique: boolean): string {
  return unique
    ? `CREATE UNIQUE INDEX IF NOT EXISTS ${table}_op_id ON ${table} (op_id);`
    : `DROP INDEX IF EXISTS ${table}_op_id; CREATE INDEX IF NOT EXISTS ${table}_op_id_many ON ${table} (op_id);`;
}
