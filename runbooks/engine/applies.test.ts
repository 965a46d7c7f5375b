import { expect, test } from 'vitest';
import { readNdjson } from '../../kit/ndjson.ts';
import { waitFor } from '../../kit/wait.ts';
import { EngineWorld, notice } from '../testing/engine-world.ts';
import { runRunbook } from './by-hand.ts';

const asksFirst = {
  applies: [{ name: 'a version is on trial', http: 'http://need.test/', expect: '== 200' }],
};

/** A world in which whoever is asked answers with this status, or not at all. */
function needing(status: number | undefined, changes: Record<string, unknown> = {}) {
  const world = new EngineWorld({ ...asksFirst, ...changes });
  const fetch = async () => {
    if (status === undefined) throw new Error('nobody is there');
    return new Response('', { status });
  };
  return Object.assign(world, { answering: { fetch: fetch as unknown as typeof globalThis.fetch } });
}
const toldIn = ({ store, clock }: EngineWorld) => store.messages.due(clock.now());
const eventsIn = ({ audit }: EngineWorld) =>
  (readNdjson(audit.file) as { event: string }[]).map(({ event }) => event);

test.for(['auto', 'approve', 'suggest'])(
  'Where there is nothing to do a runbook of mode %s says so, does nothing, and calls nobody.',
  async (mode) => {
    using world = needing(404, { mode });
    await using engine = world.engine(world.answering);
    engine.receive([notice()]);
    expect(await world.settled()).toMatchObject([
      {
        outcome: 'not-needed',
        reason: 'not true: a version is on trial (404)',
        need: { applies: false },
        steps: [],
      },
    ]);
    expect(world.step.calls).toEqual([]);
    expect(world.store.approvals.of(1)).toEqual([]);
    expect(toldIn(world)).toEqual([]);
    expect(eventsIn(world)).toEqual(['run.stored', 'run.started', 'run.asked', 'run.finished']);
  },
);

test('Where there is something to do it is done, and the run says that it was asked.', async () => {
  using world = needing(200);
  await using engine = world.engine(world.answering);
  engine.receive([notice()]);
  expect(await world.settled()).toMatchObject([{ outcome: 'succeeded', need: { applies: true } }]);
  expect(world.step.calls).toHaveLength(1);
});

test('What cannot be asked keeps nobody from acting: only who really answers no ends a run.', async () => {
  using world = needing(undefined);
  await using engine = world.engine(world.answering);
  engine.receive([notice()]);
  expect(await world.settled()).toMatchObject([
    {
      outcome: 'succeeded',
      need: { applies: 'unknown', said: 'nobody could say whether a version is on trial (nobody is there)' },
    },
  ]);
});

test('One condition that is not true is enough, whatever the others say.', async () => {
  const nobody = { name: 'nobody answers', promql: '1', expect: '== 1' };
  const no = { name: 'it is broken', http: `http://need.test/\${inputs.line}`, expect: '== 500' };
  using world = needing(404, { applies: [nobody, no], inputs: { line: { label: 'line', default: 'L1' } } });
  await using engine = world.engine(world.answering);
  engine.receive([notice()]);
  expect(await world.settled()).toMatchObject([
    { outcome: 'not-needed', reason: 'not true: it is broken (404)' },
  ]);
});

test('People are asked once it is known that there is something to do, and what they agree to is not asked again.', async () => {
  using world = needing(200, { mode: 'approve' });
  await using engine = world.engine(world.answering);
  engine.receive([notice()]);
  await waitFor(() => world.store.approvals.get(1, 0), {
    what: 'the question',
    timeoutMs: 20_000,
    everyMs: 10,
  });
  expect(world.runs).toMatchObject([
    { state: 'awaiting-approval', startedAt: null, need: { applies: true } },
  ]);
  expect(toldIn(world)).toHaveLength(1);
  world.store.approvals.decide(1, 0, 'approved', 'wang', world.clock.now());
  world.store.makeReady(1, world.clock.now());
  engine.ring();
  expect(await world.settled()).toMatchObject([{ outcome: 'succeeded' }]);
  expect(eventsIn(world).filter((event) => event === 'run.asked')).toHaveLength(1);
});

test('A suggestion reaches a person once it is known that there is something to do.', async () => {
  using world = needing(200, { mode: 'suggest' });
  await using engine = world.engine(world.answering);
  engine.receive([notice()]);
  expect(await world.settled()).toMatchObject([
    { outcome: 'handed-off', reason: expect.stringContaining('a person decides; the plan:') },
  ]);
  expect(toldIn(world)).toHaveLength(1);
});

test('What was not needed counts neither for the cool-down nor for the loop breaker.', async () => {
  using world = needing(404, { cool_down: '1h', loop_breaker: { runs: 2, within: '1h' } });
  {
    await using engine = world.engine(world.answering);
    for (const fingerprint of ['f1', 'f2', 'f3']) {
      engine.receive([notice({ fingerprint })]);
      await world.settled();
    }
  }
  await using needed = world.engine({ fetch: (async () => new Response('')) as typeof fetch });
  needed.receive([notice({ fingerprint: 'f4' })]);
  await world.settled();
  needed.receive([notice({ fingerprint: 'f5' })]);
  expect((await world.settled()).map(({ outcome }) => outcome)).toEqual([
    ...['not-needed', 'not-needed', 'not-needed'],
    ...['succeeded', 'handed-off'],
  ]);
});

test('Under the kill switch nothing is asked, and a run by hand is told that it is not needed.', async () => {
  using world = needing(404);
  const [runbook] = world.runbooks;
  if (!runbook) return expect.unreachable();
  const deps = { ...world.deps, ...world.answering };
  const byHand = () => runRunbook(runbook, { actor: 'wang' }, deps, AbortSignal.timeout(20_000));
  expect(await byHand()).toMatchObject({ outcome: 'not-needed', steps: [] });
  world.store.holds.put({ holder: 'li', expiresAt: world.clock.now() + 60_000 }, world.clock.now());
  expect(await byHand()).toMatchObject({ outcome: 'held', need: null });
});
