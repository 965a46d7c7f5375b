import type { DatabaseTarget } from '../databases/sessions.ts';
import { mysqlRows } from './mysql-rows.ts';
import { postgresRows } from './postgres-rows.ts';
import type { Question, RowBatch } from './question.ts';

/**
 * The rows of a query as they come, over a connection of its own that is opened for it and closed after it, from one snapshot
 * in a read-only transaction. The server ends the statement itself when its time is over.
 */
export function rowsOf(target: DatabaseTarget, question: Omit<Question, 'url'>): AsyncGenerator<RowBatch> {
  switch (target.kind) {
    case 'postgres':
      return postgresRows({ ...question, url: target.url });
    case 'mysql':
      return mysqlRows({ ...question, url: target.url });
  }
}
