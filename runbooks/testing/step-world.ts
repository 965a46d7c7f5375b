import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type Targets, targetsSchema } from '../../kit/targets.ts';
import type { StepWorld } from '../step.ts';

/** What a step gets in a test: the targets as they would stand in andon.yaml, the first of them as its own. */
export function stepWorld(
  targets: Record<string, unknown> = {},
  changes: Partial<StepWorld> = {},
): StepWorld {
  const parsed: Targets = targetsSchema.parse(targets);
  const [first] = Object.entries(parsed);
  return {
    target: first && { name: first[0], target: first[1] },
    targets: parsed,
    snapshots: {},
    run: {
      id: 7,
      runbook: 'test',
      actor: 'alertmanager',
      alert: 'MesDown',
      labels: {},
      position: 1,
      phase: 'do',
    },
    operation: 'andon-7-1-do',
    prometheus: 'http://127.0.0.1:1',
    askPeople: () => undefined,
    tellPeople: () => {},
    fetch,
    clock: systemClock,
    log: silentLog,
    ...changes,
  };
}
