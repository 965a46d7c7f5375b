import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { runChecker } from '../kit/checker.ts';
import { targetsSchema } from '../kit/targets.ts';
import { readRunbook } from './catalog.ts';
import { readInputs } from './schema/input.ts';
import { modeFor } from './schema/mode.ts';
import { fillIn } from './schema/placeholders.ts';
import { parseRunbook } from './schema/runbook.ts';
import { shippedSteps } from './steps/registry.ts';
import { stepWorld } from './testing/step-world.ts';

/** As in a lab. */
const targets = {
  'mes-process': { kind: 'process', pid_file: '/lab/mes.pid', start: ['/opt/andon', 'lab', 'start', 'mes'] },
  'mes-queue': { kind: 'rabbitmq', url: 'amqp://10.0.0.5', management: 'http://10.0.0.5:15672' },
  'plant-server': { kind: 'host', logs: { folder: '/var/log/mes', pattern: '*.log*' } },
};
const labels = { target: 'mes', queue: 'mes.dead-letters', resource: 'disk' };

/** The plan of each step with the labels of an alert filled in, as the engine has it. */
function planOf(id: string) {
  const { runbook } = readRunbook(path.join(import.meta.dirname, 'catalog', `${id}.yaml`));
  const read = readInputs(runbook.inputs, labels);
  if ('problems' in read) throw new Error(read.problems.join('; '));
  const values = new Map(Object.entries(read.values).map(([name, value]) => [`inputs.${name}`, value]));
  const parsed = targetsSchema.parse(targets);
  const target = typeof runbook.target === 'string' ? parsed[runbook.target] : undefined;
  const effects = runbook.steps.flatMap((entry) => {
    const step = shippedSteps.find(({ kind }) => kind === entry.step);
    if (!step || !target) throw new Error(`${id} has no target or a step that is not known`);
    expect(step.targets).toContain(target.kind);
    const world = { ...stepWorld(targets), target: { name: String(runbook.target), target } };
    return step.plan(fillIn(entry.with, values), world).map(({ does }) => does);
  });
  return { runbook, effects, conditions: runbook.verify.map((one) => fillIn(one, values)) };
}

test('restart-mes ends or starts the MES by itself, and proves it from outside and from Prometheus.', () => {
  const { runbook, effects, conditions } = planOf('restart-mes');
  expect(effects.map((text) => text.slice(0, 17))).toEqual(['end mes-process w', 'start mes-process']);
  expect([modeFor(runbook.mode, 'A', true), modeFor(runbook.mode, undefined, true)]).toEqual([
    'auto',
    'suggest',
  ]);
  expect(conditions.map(({ http, promql }) => http ?? promql)).toEqual([
    '/-/ready',
    'min(mes_up{target="mes"})',
  ]);
  // All waits together fit into the time of the whole.
  const waits = [
    ...runbook.steps.map(({ timeout }) => timeout),
    ...runbook.verify.map(({ within }) => within),
  ];
  expect(waits.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(runbook.timeout);
});

test('replay-dead-letters takes the queue from the alert, and parks beside it.', () => {
  const { runbook, effects, conditions } = planOf('replay-dead-letters');
  expect(effects).toEqual([
    expect.stringContaining(
      'up to 1000 dead letters from mes.dead-letters to the queue that each was refused by first',
    ),
    expect.stringContaining('aside in mes.dead-letters.parked'),
  ]);
  expect(modeFor(runbook.mode, 'B', true)).toBe('auto');
  expect(conditions[0]?.promql).toBe(
    'max(mes_queue_messages_ready{target="mes-queue",queue="mes.dead-letters"})',
  );
});

test('reconnect-consumers cuts off whoever consumes the queue of the alert, and needs one of them back.', () => {
  const { runbook, effects } = planOf('reconnect-consumers');
  expect([modeFor(runbook.mode, 'A', true), modeFor(runbook.mode, undefined, true)]).toEqual([
    'auto',
    'approve',
  ]);
  expect(effects).toEqual([
    expect.stringMatching(
      /close every connection that consumes mes\.dead-letters, .* until 1 consumer is back/,
    ),
  ]);
});

test('reconnect-consumers finds a queue healed when it is acknowledged or empty, and never while all is held.', async () => {
  const [, drained] = planOf('reconnect-consumers').conditions;
  const queue = (metric: string) => `${metric}{target="mes-queue",queue="mes.dead-letters"}`;
  /** Two minutes, scraped every 5 s; the condition is asked at the end. */
  const valueWith = (ready: string, unacked: string, acked: string) => ({
    interval: '5s',
    input_series: Object.entries({
      mes_queue_messages_ready: ready,
      mes_queue_messages_unacked: unacked,
      mes_queue_messages_acked_total: acked,
    }).map(([metric, values]) => ({ series: queue(metric), values })),
  });
  const is = (value: number) => ({
    promql_expr_test: [{ expr: drained?.promql, eval_time: '2m', exp_samples: [{ labels: '{}', value }] }],
  });
  const provenBy = async (tests: object[]) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'andon-verify-'));
    try {
      const file = path.join(folder, 'verify.yml');
      writeFileSync(file, JSON.stringify({ rule_files: [], tests }));
      return await runChecker('promtool', ['test', 'rules', file]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const hung = valueWith('0x24', '1+1x24', '1000x24');
  expect(
    await provenBy([
      { ...hung, ...is(0) },
      { ...valueWith('40x24', '9x24', '1000x24'), ...is(0) },
      { ...valueWith('40x24', '9x24', '1000+5x24'), ...is(1) },
      { ...valueWith('0x24', '0x24', '1000x24'), ...is(1) },
    ]),
  ).toMatchObject({ ok: true });
  expect(await provenBy([{ ...hung, ...is(1) }])).toMatchObject({ ok: false });
});

test('free-disk deletes what the target names as its logs: by itself when the line may stop, else a person is asked.', () => {
  const { runbook, effects } = planOf('free-disk');
  expect(effects).toEqual([expect.stringContaining('called *.log* directly in /var/log/mes')]);
  const modes = ['A', 'B', 'C', undefined].map((tier) => modeFor(runbook.mode, tier, true));
  expect(modes).toEqual(['auto', 'approve', 'suggest', 'suggest']);
});

test('The examples in the document are steps that can be written so, one of each kind.', () => {
  const file = path.join(import.meta.dirname, '..', 'docs', 'runbooks', 'queue-and-process-steps.md');
  const examples = [...readFileSync(file, 'utf8').matchAll(/```yml\n(.*?)```/gs)].map(
    ([, text = '']) => text,
  );
  const kinds = examples.map((text) => {
    const { steps } = parseRunbook(file, `id: example\ntitle: Example\nsteps:\n${text}`, shippedSteps);
    return steps[0]?.step;
  });
  expect(kinds).toEqual([
    'process.restart',
    'queue.replay',
    'queue.drain',
    'queue.restart-consumers',
    'disk.free',
  ]);
});
