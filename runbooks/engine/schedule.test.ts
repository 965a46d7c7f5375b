import { expect, test } from 'vitest';
import { EngineWorld } from '../testing/engine-world.ts';
import { RunbookSchedule } from './schedule.ts';

const daily = (world: EngineWorld) => world.runbook({ triggers: [{ cron: '0 2 * * *' }] });

test('A cron trigger is due at its time in the time zone of the plant, once.', () => {
  using world = new EngineWorld();
  const schedule = new RunbookSchedule([daily(world)], 'Asia/Shanghai', Date.parse('2026-01-31T12:00:00Z'));
  expect(schedule.due(Date.parse('2026-01-31T17:59:59Z'))).toEqual([]);
  const [due, ...more] = schedule.due(Date.parse('2026-01-31T18:00:01Z'));
  expect(more).toEqual([]);
  expect(due?.occasion).toMatchObject({ actor: 'cron', startsAt: Date.parse('2026-01-31T18:00:00Z') });
  expect(schedule.due(Date.parse('2026-01-31T18:00:02Z'))).toEqual([]);
  expect(schedule.due(Date.parse('2026-02-01T18:00:00Z'))).toHaveLength(1);
});

test('Times that passed while nobody looked are not made up for.', () => {
  using world = new EngineWorld();
  const schedule = new RunbookSchedule([daily(world)], 'UTC', Date.parse('2026-01-31T03:00:00Z'));
  expect(schedule.due(Date.parse('2026-02-05T03:00:00Z'))).toHaveLength(1);
  const restarted = new RunbookSchedule([daily(world)], 'UTC', Date.parse('2026-02-05T03:00:00Z'));
  expect(restarted.due(Date.parse('2026-02-05T03:00:01Z'))).toEqual([]);
});

test('An event of a program starts its runbook once, however often it is told.', async () => {
  using world = new EngineWorld({ triggers: [{ event: 'erp.import-failed' }] });
  await using engine = world.engine();
  const event = { fingerprint: 'event 7', startsAt: 1000, labels: {} };
  expect(await engine.deliverEvent('erp.import-failed', event)).toHaveLength(1);
  expect(await engine.deliverEvent('erp.import-failed', event)).toEqual([]);
  expect(await engine.deliverEvent('erp.other', { ...event, startsAt: 2000 })).toEqual([]);
  expect(await world.settled()).toMatchObject([
    { outcome: 'succeeded', actor: 'event erp.import-failed', alert: null },
  ]);
});
