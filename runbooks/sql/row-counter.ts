import { keptRows, mostRows, type SqlAnswer } from './session.ts';

/** Counts the rows of an answer as they come, and keeps the first. */
export class RowCounter {
  readonly #rows: (readonly unknown[])[] = [];
  #count = 0;

  /** Throws when there are more than anybody should ask for. */
  add(row: readonly unknown[]): void {
    this.#count++;
    if (this.#count > mostRows)
      throw new Error(`more than ${mostRows} rows came: give the statement a LIMIT`);
    if (this.#rows.length < keptRows) this.#rows.push(row);
  }

  answer(columns: readonly string[], changed: number | undefined): SqlAnswer {
    return { columns, rows: this.#rows, count: changed ?? this.#count };
  }
}
