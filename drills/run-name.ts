import { createHash } from 'node:crypto';

/** The longest application_name that PostgreSQL keeps: it cuts off the rest without a word. */
const limit = 63;

/** The name that everything a run does goes by: sessions, cuts, processes. Never longer than PostgreSQL keeps. */
export function runName(run: string): string {
  const name = `andon-drill-${run.replaceAll(/[^\w.:-]/g, '_')}`;
  if (name === `andon-drill-${run}` && name.length <= limit) return name;
  const digest = createHash('sha256').update(run).digest('hex').slice(0, 8);
  return `${name.slice(0, limit - 9)}-${digest}`;
}
