import { comparisonOf } from '../../kit/comparison.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Log } from '../../kit/log.ts';
import { connectMysql } from '../../kit/mysql.ts';
import { connectPostgres } from '../../kit/postgres.ts';
import type { Target, Targets } from '../../kit/targets.ts';
import type { PrometheusApi } from '../prometheus-api.ts';

/** A probe is asked each second: what takes longer than this is no answer. */
const answerMs = 3000;

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
  if (question.http !== undefined) return askHttp(question.http, target, deps);
  if (target?.kind === 'postgres') return askPostgres(target.admin_url ?? target.url, question.sql ?? '');
  if (target?.kind === 'mysql') return askMysql(target.admin_url ?? target.url, question.sql ?? '');
  throw new Error('an sql probe needs `target`, of kind postgres or mysql');
}

async function askHttp(http: string, target: Target | undefined, { fetch }: ProbeDeps): Promise<number> {
  if (!URL.canParse(http) && target?.kind !== 'mes')
    throw new Error('an http probe with a path needs `target`, of kind mes');
  const base = target?.kind === 'mes' ? target.url : undefined;
  const response = await fetch(new URL(http, base), { signal: AbortSignal.timeout(answerMs) });
  await response.body?.cancel();
  return response.status;
}

async function askMysql(url: string, sql: string): Promise<number | undefined> {
  const connection = await connectMysql({ url, applicationName: 'andon-probe' });
  try {
    await connection.query('SET SESSION TRANSACTION READ ONLY');
    const [rows] = await connection.query({ sql, rowsAsArray: true, timeout: answerMs });
    return numberOf((rows as unknown[][])[0]?.[0]);
  } finally {
    connection.destroy();
  }
}

async function askPostgres(url: string, sql: string): Promise<number | undefined> {
  const client = await connectPostgres({
    url,
    applicationName: 'andon-probe',
    statementTimeoutMs: answerMs,
    lockTimeoutMs: 1000,
    queryTimeoutMs: 4000,
  });
  try {
    await client.query('SET default_transaction_read_only = on');
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return numberOf(rows[0]?.[0]);
  } finally {
    await client.end();
  }
}

const numberOf = (value: unknown): number | undefined =>
  value === undefined || value === null ? undefined : Number(value);
