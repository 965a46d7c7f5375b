import type { z } from 'zod';
import { promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import { conditionTargetProblem } from '../conditions/asked-target.ts';
import { type Condition, condition } from '../conditions/condition.ts';
import { waitForCondition } from '../conditions/wait-for-condition.ts';
import { type Step, untouched } from '../step.ts';

const inWords = ({ promql, sql, no_rows, http, expect }: Condition): string => {
  if (promql !== undefined) return `promql ${promql} ${expect}`;
  if (sql !== undefined) return `sql ${sql} ${expect}`;
  if (no_rows !== undefined) return `no_rows ${no_rows} is empty`;
  return http !== undefined ? `http ${http} ${expect}` : 'the router has such a version';
};

/** Waits until something is true. */
export const waitForStep: Step<Condition> = {
  kind: 'wait-for',
  summary: 'wait until a number, a query or an HTTP status is as it should be',
  params: condition satisfies z.ZodType<Condition>,
  targets: [],
  placeholders: {
    promql: 'refused',
    sql: 'refused',
    no_rows: 'refused',
    http: 'url',
    expect: 'refused',
    target: 'refused',
  },
  repeatable: () => true,
  waitsMs: ({ within }) => within,
  plan(params, { target }) {
    return [
      {
        does: `wait up to ${promDuration(params.within)} until ${params.name}: ${inWords(params)}`,
        on:
          params.promql !== undefined
            ? 'Prometheus'
            : (params.target ?? target?.name ?? 'the address itself'),
        undo: 'none needed: it only asks',
      },
    ];
  },
  async run(params, world, signal) {
    const problem = conditionTargetProblem(params, world.targets, world.target?.name);
    if (problem !== undefined) return untouched('refused', problem);
    try {
      const reason = await waitForCondition(params, world, signal);
      return reason === undefined
        ? untouched('succeeded', `it is true: ${params.name}`)
        : untouched('failed', reason);
    } catch (error) {
      return untouched('failed', `stopped while waiting for ${params.name}: ${messageOf(error)}`);
    }
  },
};
