import { expect, test } from 'vitest';
import { silentLog } from '../../kit/log.ts';
import { readNdjson } from '../../kit/ndjson.ts';
import { runRunbook } from '../engine/by-hand.ts';
import { EngineWorld, notice } from '../testing/engine-world.ts';
import { type Answer, answerQuestion } from './answer-question.ts';

const leader = { name: '王丽', roles: ['leader' as const] };

function asked(changes: Record<string, unknown> = {}) {
  const world = new EngineWorld({
    mode: 'approve',
    approval: { roles: ['leader'], expires: '10m' },
    ...changes,
  });
  const engine = world.engine();
  const [run] = engine.receive([notice()]);
  const answer = (given: Partial<Answer> = {}) =>
    answerQuestion(
      {
        ...{
          runId: run?.id ?? 0,
          position: 0,
          planHash: run?.planHash ?? '',
          decision: 'approved',
          person: leader,
        },
        ...given,
      },
      { store: world.store, audit: world.audit, clock: world.clock, log: silentLog },
    );
  return { world, engine, answer };
}

test('What a person of the right role approves is carried out, and who it was is on the audit log.', async () => {
  const { world, engine, answer } = asked();
  using _ = world;
  await using __ = engine;
  expect(world.runs).toMatchObject([{ state: 'awaiting-approval', outcome: 'running', startedAt: null }]);
  expect(answer()).toEqual({ ok: true });
  engine.ring();
  expect(await world.settled()).toMatchObject([{ outcome: 'succeeded' }]);
  const events = readNdjson(world.audit.file) as { event: string; data: Record<string, unknown> }[];
  expect(events.find(({ event }) => event === 'approval.decided')?.data).toMatchObject({ by: '王丽' });
});

test('What a person rejects is refused.', async () => {
  const { world, engine, answer } = asked();
  using _ = world;
  await using __ = engine;
  expect(answer({ decision: 'rejected' })).toEqual({ ok: true });
  expect(await world.settled()).toMatchObject([{ outcome: 'refused', reason: 'rejected by 王丽' }]);
  expect(world.step.calls).toEqual([]);
});

test.for<[string, Partial<Answer>, string]>([
  ['without the role', { person: { name: '李强', roles: ['maintainer'] } }, 'role'],
  ['who asked for it', { person: { name: 'alertmanager', roles: ['leader'] } }, 'requester'],
  ['who saw another plan', { planHash: 'f'.repeat(64) }, 'plan'],
  ['who answers what was not asked', { position: 3 }, 'unknown'],
  ['of a run that is not there', { runId: 99 }, 'unknown'],
])('A person %s is refused, it is on the audit log, and nothing is done.', async ([, given, code]) => {
  const { world, engine, answer } = asked();
  using _ = world;
  await using __ = engine;
  expect(answer(given)).toMatchObject({ ok: false, code });
  expect(world.runs).toMatchObject([{ state: 'awaiting-approval' }]);
  const events = readNdjson(world.audit.file) as { event: string; data: Record<string, unknown> }[];
  expect(events.at(-1)).toMatchObject({ event: 'approval.refused', data: { code } });
  expect(world.step.calls).toEqual([]);
});

test('A decision is final.', async () => {
  const { world, engine, answer } = asked();
  using _ = world;
  await using __ = engine;
  expect(answer({ decision: 'rejected' })).toEqual({ ok: true });
  expect(answer()).toMatchObject({ ok: false, code: 'decided' });
  expect(await world.settled()).toMatchObject([{ outcome: 'refused' }]);
});

test('What nobody approves in time expires closed.', async () => {
  const { world, engine, answer } = asked({ approval: { roles: ['leader'], expires: '1ms' } });
  using _ = world;
  await using __ = engine;
  expect(await world.settled()).toMatchObject([
    { outcome: 'refused', reason: 'nobody has approved it in time' },
  ]);
  expect(answer()).toMatchObject({ ok: false });
  expect(world.step.calls).toEqual([]);
});

test('A plan that changed between its approval and its turn is not carried out.', async () => {
  using world = new EngineWorld({ mode: 'approve' });
  {
    await using engine = world.engine();
    const [run] = engine.receive([notice()]);
    const deps = { store: world.store, audit: world.audit, clock: world.clock, log: silentLog };
    world.step.planned = 'act on something else';
    const answer = { runId: 1, position: 0, planHash: run?.planHash ?? '', decision: 'approved' as const };
    expect(answerQuestion({ ...answer, person: leader }, deps)).toEqual({ ok: true });
    engine.ring();
    expect(await world.settled()).toMatchObject([
      { outcome: 'handed-off', reason: expect.stringContaining('is not what was planned') },
    ]);
  }
  expect(world.step.calls).toEqual([]);
});

test('By hand, a runbook whose mode is approve waits for another person than the one who runs it.', async () => {
  using world = new EngineWorld({ mode: 'approve' });
  const [runbook] = world.runbooks;
  if (!runbook) throw new Error('the world has no runbook');
  const deps = { store: world.store, audit: world.audit, clock: world.clock, log: silentLog };
  const waiting = Promise.withResolvers<{ id: number; planHash: string }>();
  const run = runRunbook(
    runbook,
    { actor: '王丽' },
    world.deps,
    new AbortController().signal,
    waiting.resolve,
  );
  const { id, planHash } = await waiting.promise;
  const answer = { runId: id, position: 0, planHash, decision: 'approved' as const };
  expect(answerQuestion({ ...answer, person: leader }, deps)).toMatchObject({ ok: false, code: 'requester' });
  expect(answerQuestion({ ...answer, person: { ...leader, name: '李强' } }, deps)).toEqual({ ok: true });
  expect(await run).toMatchObject({ outcome: 'succeeded', mode: 'by-hand', actor: '王丽' });
});
