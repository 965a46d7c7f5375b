import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Report, reportSchema } from '../drills/report/schema.ts';
import type { SelfCommand } from '../kit/module-path.ts';
import type { Measurement } from './table.ts';

/** Stages in which a drill waits for the plant or for the clock; all other time is the runner's own. */
const waiting = new Set(['baseline', 'fault', 'recovery', 'reconcile']);

/** Runs the drills in the running lab, as a user does, and reads their reports. */
export async function measureDrills(cwd: string, self: SelfCommand): Promise<Measurement[]> {
  const lock = await hold(cwd, self, 'db-lock');
  const load = await hold(cwd, self, 'load-200');
  const during = load.load?.byStage.find(({ stage }) => stage === 'fault');
  return [
    {
      what: 'db-lock: verdict is passed (0 = yes)',
      value: lock.verdict === 'passed' ? 0 : 1,
      unit: '',
      target: 0,
    },
    { what: 'db-lock: runner overhead of the wall time', value: overhead(lock) * 100, unit: '%', target: 5 },
    { what: 'load-200: runner overhead of the wall time', value: overhead(load) * 100, unit: '%', target: 5 },
    { what: '200 users: requests a second', value: during?.ratePerSecond ?? 0, unit: '1/s' },
    { what: '200 users: failed requests', value: (during?.errorRate ?? 1) * 100, unit: '%', target: 0 },
    { what: '200 users: p50', value: during?.p50Ms ?? Number.POSITIVE_INFINITY, unit: 'ms' },
    { what: '200 users: p95', value: during?.p95Ms ?? Number.POSITIVE_INFINITY, unit: 'ms', target: 300 },
  ];
}

async function hold(cwd: string, self: SelfCommand, drill: string): Promise<Report> {
  const out = path.join(cwd, 'out');
  const child = spawn(self.command, [...self.args, 'drill', 'run', drill, '--out', out], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'exit');
  return reportSchema.parse(JSON.parse(readFileSync(path.join(out, drill, 'report.json'), 'utf8')));
}

/** Preflight counts too: a drill that starts in a steady plant need not wait there. */
function overhead({ run, stages }: Report): number {
  const waited = stages
    .filter(({ name }) => waiting.has(name))
    .reduce(
      (sum, { startedAt, finishedAt }) => sum + (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000,
      0,
    );
  return (run.durationSeconds - waited) / run.durationSeconds;
}
