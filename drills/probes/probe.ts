import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import type { Targets } from '../../kit/targets.ts';
import { comparisonOf } from '../comparison.ts';
import type { PrometheusApi } from '../prometheus-api.ts';

/** What can be asked: exactly one of the three; `target` names where for http and sql. */
export interface Question {
  name: string;
  promql?: string | undefined;
  http?: string | undefined;
  sql?: string | undefined;
  target?: string | undefined;
}

export interface ProbeDeps {
  prometheus: PrometheusApi;
  targets: Targets;
  fetch: typeof fetch;
  log: Log;
}

export interface ProbeResult {
  name: string;
  value: number | null;
  expect: string;
  ok: boolean;
}

/** Asks one probe. No answer is null, and null never meets an expectation. */
export async function askProbe(
  probe: Question & { expect: string },
  deps: ProbeDeps,
  signal?: AbortSignal,
): Promise<ProbeResult> {
  const value = await answer(probe, deps, signal);
  const ok = value !== null && comparisonOf(probe.expect).holds(value);
  return { name: probe.name, value, expect: probe.expect, ok };
}

/** The number that answers a question; null when nothing answers. */
export async function answer(
  question: Question,
  deps: ProbeDeps,
  signal?: AbortSignal,
): Promise<number | null> {
  try {
    const value = await ask(question, deps, signal);
    return value === undefined || Number.isNaN(value) ? null : value;
  } catch (error) {
    signal?.throwIfAborted();
    deps.log.debug({ probe: question.name, error: messageOf(error) }, 'probe had no answer');
    return null;
  }
}

async function ask(question: Question, deps: ProbeDeps, signal?: AbortSignal): Promise<number | undefined> {
  if (question.promql !== undefined) return deps.prometheus.number(question.promql, signal);
  const target = deps.targets[question.target ?? ''];
  if (question.http !== undefined) {
    if (target?.kind !== 'mes') throw new Error('an http probe needs `target`, of kind mes');
    const response = await deps.fetch(new URL(question.http, target.url), {
      signal: AbortSignal.timeout(3000),
    });
    await response.body?.cancel();
    return response.status;
  }
  if (target?.kind !== 'postgres') throw new Error('an sql probe needs `target`, of kind postgres');
  return askSql(target.admin_url ?? target.url, question.sql ?? '');
}

async function askSql(url: string, sql: string): Promise<number | undefined> {
  const client = await connectPostgres({
    url,
    applicationName: 'andon-probe',
    statementTimeoutMs: 3000,
    lockTimeoutMs: 1000,
    queryTimeoutMs: 4000,
  });
  try {
    await client.query('SET default_transaction_read_only = on');
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    const first: unknown = rows[0]?.[0];
    return first === undefined || first === null ? undefined : Number(first);
  } finally {
    await client.end();
  }
}
