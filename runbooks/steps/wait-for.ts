import type { z } from 'zod';
import { promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import { conditionTargetProblem } from '../conditions/asked-target.ts';
import { type Condition, condition, questions } from '../conditions/condition.ts';
import { waitForCondition } from '../conditions/wait-for-condition.ts';
import { type Step, untouched } from '../step.ts';

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
    const [question] = questions.filter((key) => params[key] !== undefined);
    const asked = question === undefined ? '' : `${question} ${params[question] ?? ''}`;
    return [
      {
        does: `wait up to ${promDuration(params.within)} until ${params.name}: ${asked} ${params.expect ?? 'is empty'}`,
        on: question === 'promql' ? 'Prometheus' : (params.target ?? target?.name ?? 'the address itself'),
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
