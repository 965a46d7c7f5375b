import { expect, test } from 'vitest';
import { spansOf } from '../../kit/testing/otlp-receiver.ts';
import { EngineWorld, notice } from '../testing/engine-world.ts';

test('A run is a span with the fingerprint of its alert, and each step is a child that says how it ended.', async () => {
  using world = new EngineWorld();
  const spans = await spansOf(async () => {
    await using engine = world.engine();
    engine.receive([notice({ fingerprint: 'f7' })]);
    await world.settled();
  });
  const [run, step] = ['runbook act', 'runbook step test.act'].map((name) =>
    spans.find((span) => span.name === name),
  );
  expect(run).toMatchObject({
    parentSpanId: '',
    error: undefined,
    attributes: {
      'andon.run': world.runs[0]?.id,
      'andon.runbook': 'act',
      'andon.actor': 'alertmanager',
      'andon.alert.name': 'MesDatabaseBlocked',
      'andon.alert.fingerprint': 'f7',
      'andon.target': 'mes-db',
      'andon.outcome': 'succeeded',
    },
  });
  expect(step).toMatchObject({
    traceId: run?.traceId,
    parentSpanId: run?.spanId,
    error: undefined,
    attributes: { 'andon.step': 1, 'andon.outcome': 'succeeded', 'andon.touched': 1 },
  });
});

test('A run whose step fails is a span that failed, with the reason.', async () => {
  using world = new EngineWorld();
  world.step.act = () => Promise.reject(new Error('the session is protected'));
  const spans = await spansOf(async () => {
    await using engine = world.engine();
    engine.receive([notice()]);
    await world.settled();
  });
  expect(spans.map(({ error }) => error)).toEqual(['the session is protected', 'the session is protected']);
  expect(spans.map(({ attributes }) => attributes['andon.outcome'])).toEqual(['failed', 'failed']);
});
