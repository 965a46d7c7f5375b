import type { DatabaseSession } from './session.ts';

/** A session of MySQL or MariaDB. */
export class MysqlCollectorSession implements DatabaseSession {
  constructor(_url: string) {
    throw new Error('not built yet');
  }
  query(): never {
    throw new Error('not built yet');
  }
  batches(): never {
    throw new Error('not built yet');
  }
  [Symbol.dispose](): void {}
}
