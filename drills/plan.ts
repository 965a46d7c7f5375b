import { promDuration } from '../kit/duration.ts';
import type { Targets } from '../kit/targets.ts';
import { faultOf } from './faults/registry.ts';
import { rehearsedBy } from './rehearsal.ts';
import type { Drill } from './schema.ts';

/** Everything a drill would do, every side effect included, for a person to read. Touches nothing. */
export function describePlan(name: string, drill: Drill, targets: Targets): string {
  const { expect } = drill;
  const rehearsed = rehearsedBy(drill);
  const lines = [
    `${name}: ${drill.title}`,
    `  1. preflight: ${[...new Set(drill.method.map(({ target }) => target))].join(', ')} must answer, nothing may be left of an older run, no A alert may be active`,
    ...drill.hypothesis.map(
      (probe) =>
        `     must hold: ${probe.name} ${probe.expect}  [${probe.promql ?? probe.http ?? probe.sql}]`,
    ),
    `  2. baseline: ${promDuration(drill.baseline)}${drill.load ? `, with ${drill.load.users} users (${drill.load.profile}) beside the lines` : ''}`,
    '  3. faults:',
    ...drill.method.flatMap((step) => describeStep(step, targets)),
    `  4. watch: ${expect.alerts.map(({ alert, tier }) => `${alert} (${tier}) must be delivered within its bound`).join('; ') || 'no alert is expected'}`,
    ...(expect.quiet ? ['     no other A alert may fire'] : []),
    ...(drill.runbooks === 'hold'
      ? ['     runbooks are held (a lease of 10 s, renewed while the drill lives)']
      : []),
    ...(rehearsed
      ? [
          `     runbook ${rehearsed.name} must succeed within ${promDuration(rehearsed.within)} of the alert`,
          '     until recovery it may act by itself (a lease of 10 s, renewed while the drill lives)',
        ]
      : []),
    ...drill.guardrails.map(
      ({ name: guardrail, stop_when }) => `     guardrail: heal and stop when ${guardrail} ${stop_when}`,
    ),
    '  5. heal: by time, runbook, guardrail or watchdog; nothing may be left',
    `  6. recovery: the hypothesis must hold again within ${promDuration(expect.recover_within)}`,
    `  7. reconcile: ${expect.production ? `at most ${expect.production.lost} lost, ${expect.production.duplicated} duplicated` : 'production is counted and not judged'}; drained within ${promDuration(expect.drain_within)}`,
    '  8. verdict and report',
    ...(rehearsed
      ? [
          `     the runbook service is told whether ${rehearsed.name} passed: only then it goes on acting by itself`,
        ]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** The same for programs: one object a drill. */
export const planOfDrill = (name: string, drill: Drill, targets: Targets) => ({
  ...{ drill: name, title: drill.title, cause: drill.cause },
  hypothesis: drill.hypothesis,
  load: drill.load ?? null,
  method: drill.method.map(({ fault, target, with: params, after, for: lasts }) => {
    const found = targets[target];
    const planned = found && faultOf(fault).plan(params, { name: target, target: found }, '<run>', lasts);
    const about = { fault, target, with: params, afterMs: after, forMs: lasts };
    return { ...about, effects: planned?.effects ?? [], undo: planned?.undo ?? null };
  }),
  guardrails: drill.guardrails,
  expect: drill.expect,
  runbooks: drill.runbooks,
});

function describeStep(step: Drill['method'][number], targets: Targets): string[] {
  const target = targets[step.target];
  const head = `     after ${promDuration(step.after)}, for ${promDuration(step.for)}: ${step.fault} on ${step.target}`;
  if (!target) return [head];
  const plan = faultOf(step.fault).plan(step.with, { name: step.target, target }, '<run>', step.for);
  return [
    head,
    ...plan.effects.map((effect) => `       - ${effect}`),
    `       undo: ${JSON.stringify(plan.undo)}`,
  ];
}
