import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';
import {
  isSqlTarget,
  openSqlSession,
  placeOf,
  type SqlSession,
  type SqlTarget,
  type SqlValue,
  sqlKinds,
} from '../sql/session.ts';
import { statementProblem } from '../sql/statement.ts';
import { type NamedTarget, type PlanWorld, type Step, type StepResult, untouched } from '../step.ts';
import { guardText, inGuard, readDetails } from './sql/guard.ts';

/** A runbook does not stand in a queue for longer than people would wait for it. */
const lockTimeoutMs = 5000;

const rowCount = z.int().min(0);

const params = z
  .strictObject({
    /** One statement. Values stand in `params`, as $1 (PostgreSQL) or ? (MySQL). */
    query: z.string().min(1),
    params: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).default([]),
    mode: z.enum(['read', 'write']).default('read'),
    /** How many rows it may return, or change. */
    rows: z.strictObject({ min: rowCount.optional(), max: rowCount.optional() }).prefault({}),
    /** Whether writing it twice does no more than writing it once: the author vouches for that. */
    repeatable: z.boolean().default(false),
    /** The server ends the statement after this; less than the timeout of the step, so that nothing of it is left running. */
    statement_timeout: duration.prefault('20s'),
  })
  .superRefine(({ query, mode, rows, repeatable }, context) => {
    const problem = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const wrong = statementProblem(query, mode);
    if (wrong !== undefined) problem('query', wrong);
    if (mode === 'write' && rows.max === undefined)
      problem('rows', 'a write needs rows: {max: N}: more than that is never changed');
    if (rows.min !== undefined && rows.max !== undefined && rows.min > rows.max)
      problem('rows', '"min" is more than "max"');
    if (repeatable && mode === 'read')
      problem('repeatable', 'reading always is; it says something of writes only');
  });
type Params = z.output<typeof params>;

/** One statement on a database, in one transaction, with a guard on the number of rows. */
export const sql: Step<Params> = {
  kind: 'sql',
  summary: 'carry out one statement on a database, and take it back where it hits too many or too few rows',
  params,
  targets: sqlKinds,
  placeholders: { query: 'refused' },
  repeatable: ({ mode, repeatable }) => mode === 'read' || repeatable,
  plan({ query, params: values, mode, rows }, world) {
    const { name, target } = sqlTargetOf(world);
    const withValues = values.length === 0 ? '' : ` with ${JSON.stringify(values)}`;
    const statement = query.trim().replaceAll(/\s+/g, ' ');
    return [
      {
        does: `${mode === 'read' ? 'read' : 'write'}: ${statement}${withValues}; ${guardText(mode, rows)}`,
        on: `${name} (${placeOf(target)})`,
        undo:
          mode === 'read'
            ? 'none needed: the transaction only reads'
            : 'none, unless the runbook has one; what is outside of the guard is rolled back',
      },
    ];
  },
  async run(params, world, signal) {
    const target = sqlTargetOf(world);
    // What is checked in the file is checked again in what is carried out.
    const problem = statementProblem(params.query, params.mode);
    if (problem !== undefined) return untouched('refused', `the statement ${problem}`);
    const limits = {
      applicationName: 'andon-runbook',
      statementTimeoutMs: params.statement_timeout,
      lockTimeoutMs,
    };
    const opened = await openSqlSession(target.target, limits, signal).catch((error: unknown) => ({ error }));
    if ('error' in opened) return untouched('failed', `${target.name}: ${messageOf(opened.error)}`);
    await using session = opened;
    return params.mode === 'read'
      ? await read(session, params, target)
      : await write(session, params, target);
  },
};

function sqlTargetOf({ target }: Pick<PlanWorld, 'target'>): NamedTarget<SqlTarget> {
  if (!target || !isSqlTarget(target.target)) throw new TypeError('the step needs a database');
  return { name: target.name, target: target.target satisfies TargetOf<(typeof sqlKinds)[number]> };
}

type Target = NamedTarget<SqlTarget>;

async function read(session: SqlSession, { query, params: values, rows }: Params, { name }: Target) {
  try {
    await session.begin('read');
    const answer = await session.run(query, values);
    const details = readDetails(answer);
    if (inGuard(answer.count, rows))
      return untouched('succeeded', `${answer.count} rows were read from ${name}`, details);
    const summary = `${answer.count} rows were read from ${name}: ${guardText('read', rows)}`;
    return untouched('failed', summary, details);
  } catch (error) {
    return untouched('failed', `${name}: ${messageOf(error)}`);
  }
}

async function write(session: SqlSession, params: Params, { name }: Target): Promise<StepResult> {
  const { query, rows } = params;
  const values: readonly SqlValue[] = params.params;
  try {
    await session.begin('write');
    const answer = await session.run(query, values);
    const details = readDetails(answer);
    if (!inGuard(answer.count, rows)) return await takeBack(session, params, details, name);
    return (
      (await commitFailure(session, name, details)) ?? {
        outcome: 'succeeded',
        summary: `${answer.count} rows were changed in ${name}`,
        touched: answer.count,
        details,
      }
    );
  } catch (error) {
    return await failedWrite(session, error, name);
  }
}

async function takeBack(
  session: SqlSession,
  { rows }: Params,
  details: ReturnType<typeof readDetails>,
  name: string,
): Promise<StepResult> {
  const why = `${details.rows} rows would be changed in ${name}: ${guardText('write', rows)}`;
  if (await session.rollback()) return untouched('refused', `${why}; it was rolled back`, details);
  const summary = `${why}; but a table without transactions could not be rolled back`;
  return { outcome: 'failed', summary, touched: details.rows, details };
}

async function commitFailure(
  session: SqlSession,
  name: string,
  details: Record<string, unknown>,
): Promise<StepResult | undefined> {
  try {
    await session.commit();
    return undefined;
  } catch (error) {
    const touched = session.changedNothing(error, 'commit') ? 0 : null;
    const end = touched === 0 ? 'nothing was changed' : 'whether it was changed is not known';
    return {
      outcome: 'failed',
      summary: `${name} did not confirm the change (${messageOf(error)}): ${end}`,
      touched,
      details,
    };
  }
}

async function failedWrite(session: SqlSession, error: unknown, name: string): Promise<StepResult> {
  const isUndone = session.changedNothing(error, 'run') && (await session.rollback().catch(() => true));
  return {
    outcome: 'failed',
    summary: `${name}: ${messageOf(error)}`,
    touched: isUndone ? 0 : null,
    details: {},
  };
}
