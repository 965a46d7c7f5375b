/** The time point that every system is asked about, in milliseconds since the epoch. A whole second, because some systems keep no parts of one. */
export const watermarkAt = (nowMs: number, settleMs: number): number =>
  Math.floor((nowMs - settleMs) / 1000) * 1000;

/** `$watermark`: the time point itself. `$local_watermark`: what this database's own clock showed at that moment. */
export interface Watermarks {
  readonly watermark: number;
  readonly local_watermark: number;
}

const placeholder = /\$(watermark|local_watermark)\b/g;

/** Whether the database's own clock must be known for a query. */
export const needsLocalTime = (sql: string): boolean => /\$local_watermark\b/.test(sql);

/** A query for PostgreSQL, with the time points as parameters. */
export function forPostgres(sql: string, times: Watermarks): { text: string; values: string[] } {
  const values: string[] = [];
  const text = sql.replaceAll(placeholder, (_whole, name: keyof Watermarks) => {
    values.push(new Date(times[name]).toISOString());
    return `($${values.length}::timestamptz)`;
  });
  return { text, values };
}

/** A query for MySQL or MariaDB. The time points are typed literals in UTC, which have no parameter: `?` may occur in a user's text. */
export const forMysql = (sql: string, times: Watermarks): string =>
  sql.replaceAll(placeholder, (_whole, name: keyof Watermarks) => {
    const text = new Date(times[name]).toISOString();
    return `TIMESTAMP'${text.slice(0, 10)} ${text.slice(11, 23)}'`;
  });
