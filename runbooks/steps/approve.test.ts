import { expect, test } from 'vitest';
import type { Decision, StepWorld } from '../step.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { stepWorld } from '../testing/step-world.ts';
import { approve } from './approve.ts';

const params = approve.params.parse({ question: 'Restart line L1?', roles: ['leader', 'director'] });

/** People who answer when they are asked the so-manieth time. */
function people(times: number, decision: Decision) {
  const asked: Parameters<StepWorld['askPeople']>[0][] = [];
  const askPeople: StepWorld['askPeople'] = (question) => {
    asked.push(question);
    return asked.length >= times ? decision : undefined;
  };
  return { asked, askPeople };
}

/** Moves the clock until the step has ended. */
async function settle<T>(running: Promise<T>, clock: ManualClock): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  running.then(over, over);
  for (let round = 0; !isOver && round < 10_000; round++) await clock.advance(500);
  return running;
}

const ask = (
  askPeople: StepWorld['askPeople'],
  clock = new ManualClock(),
  signal = AbortSignal.timeout(20_000),
) => settle(approve.run(params, stepWorld({}, { askPeople, clock }), signal), clock);

test('It asks at once and again, always the same question, and goes on when somebody agrees.', async () => {
  const { asked, askPeople } = people(3, { decision: 'approved', by: 'Wang' });
  expect(await ask(askPeople)).toEqual({
    outcome: 'succeeded',
    summary: 'Wang agreed',
    touched: 0,
    details: { decision: 'approved', by: 'Wang' },
  });
  const question = { text: 'Restart line L1?', roles: ['leader', 'director'], expiresMs: 600_000 };
  expect(asked).toEqual([question, question, question]);
});

test('A no refuses, and so does nobody: it expires closed.', async () => {
  expect(await ask(people(1, { decision: 'rejected', by: 'Li' }).askPeople)).toMatchObject({
    outcome: 'refused',
    summary: 'Li said no',
    touched: 0,
  });
  expect(await ask(people(2, { decision: 'expired', by: '' }).askPeople)).toMatchObject({
    outcome: 'refused',
    summary: 'nobody of leader, director agreed within 10m',
    touched: 0,
  });
});

test('It expires closed also where whoever keeps the question never says so.', async () => {
  const clock = new ManualClock();
  const began = clock.now();
  const result = await ask(() => undefined, clock);
  expect(result).toMatchObject({ outcome: 'refused', details: { decision: 'expired' } });
  expect(clock.now() - began).toBeGreaterThanOrEqual(600_000);
});

test('It stops when it is stopped, and a store that fails is no yes.', async () => {
  const stop = new AbortController();
  const { asked, askPeople } = people(Number.POSITIVE_INFINITY, { decision: 'approved', by: 'x' });
  const clock = new ManualClock();
  const running = approve.run(params, stepWorld({}, { askPeople, clock }), stop.signal);
  stop.abort(new Error('paused'));
  expect(await running).toMatchObject({ outcome: 'failed', touched: 0 });
  await clock.advance(5000);
  expect(asked).toHaveLength(1);
  const broken = () => {
    throw new Error('disk full');
  };
  expect(await ask(broken)).toMatchObject({
    outcome: 'failed',
    summary: expect.stringContaining('disk full'),
  });
});

test('A plan says who is asked what; roles that nobody has are a mistake in the file.', () => {
  expect(approve.plan(params, stepWorld())).toMatchObject([
    { does: 'ask and wait up to 10m for a yes: Restart line L1?', on: 'people: leader, director' },
  ]);
  for (const roles of [[], ['boss']])
    expect(approve.params.safeParse({ question: 'Go?', roles }).success).toBe(false);
  expect(approve.repeatable(params)).toBe(true);
});
