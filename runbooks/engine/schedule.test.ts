import { expect, test } from 'vitest';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { waitFor } from '../../kit/wait.ts';
import { EngineWorld } from '../testing/engine-world.ts';
import { RunbookSchedule } from './schedule.ts';

const daily = (world: EngineWorld, catch_up?: string) =>
  world.runbook({ triggers: [{ cron: '0 2 * * *', ...(catch_up ? { catch_up } : {}) }] });

const always = () => 0;
const at = (time: string) => Date.parse(`2026-02-05T${time}Z`);
const two = at('02:00:00');

test('A cron trigger is due at its time in the time zone of the plant, once.', () => {
  using world = new EngineWorld();
  const start = Date.parse('2026-01-31T12:00:00Z');
  const schedule = new RunbookSchedule([daily(world)], 'Asia/Shanghai', start, always);
  expect([...schedule.due(Date.parse('2026-01-31T17:59:59Z'))]).toEqual([]);
  const [due, ...more] = [...schedule.due(Date.parse('2026-01-31T18:00:01Z'))];
  expect(more).toEqual([]);
  expect(due?.occasion).toMatchObject({ actor: 'cron', startsAt: Date.parse('2026-01-31T18:00:00Z') });
  expect([...schedule.due(Date.parse('2026-01-31T18:00:02Z'))]).toEqual([]);
  expect([...schedule.due(Date.parse('2026-02-01T18:00:00Z'))]).toHaveLength(1);
});

test('Times that passed while nobody looked are not made up for, unless the trigger says so.', () => {
  using world = new EngineWorld();
  const schedule = new RunbookSchedule([daily(world)], 'UTC', Date.parse('2026-01-31T03:00:00Z'), always);
  expect([...schedule.due(Date.parse('2026-02-05T03:00:00Z'))]).toHaveLength(1);
  const restarted = new RunbookSchedule([daily(world)], 'UTC', at('03:00:00'), always);
  expect([...restarted.due(at('03:00:01'))]).toEqual([]);
});

test('A time whose run could not be stored is due again at the next look.', async () => {
  let now = two - 1;
  const held: Clock = { now: () => now, sleep: systemClock.sleep };
  using world = new EngineWorld({ triggers: [{ cron: '0 2 * * *' }] }, held);
  const { store } = world;
  const addRun = store.addRun.bind(store);
  let refused = 0;
  store.addRun = () => {
    refused += 1;
    throw new Error('the disk is full');
  };
  await using engine = world.engine();
  now = two + 1000;
  engine.ring();
  await waitFor(() => refused > 0, { what: 'the first attempt', timeoutMs: 20_000, everyMs: 10 });
  expect(world.runs).toEqual([]);
  store.addRun = addRun;
  now += 5000;
  expect(await world.settled()).toMatchObject([
    { outcome: 'succeeded', startsAt: '2026-02-05T02:00:00.000Z' },
  ]);
});

test.for([
  ['not longer ago than catch_up', '05:59:59', 0, [two]],
  ['just as long ago as catch_up', '06:00:00', 0, [two]],
  ['longer ago than catch_up', '06:00:01', 0, []],
  ['from before the trigger was known', '05:00:00', two + 1, []],
] as const)('A missed time that is %s.', ([, start, since, times]) => {
  using world = new EngineWorld();
  const schedule = new RunbookSchedule([daily(world, '4h')], 'UTC', at(start), () => since);
  expect([...schedule.due(at(start))].map(({ occasion }) => occasion.startsAt)).toEqual(times);
  expect([...schedule.due(at('23:00:00'))]).toEqual([]);
  expect([...schedule.due(two + 24 * 3_600_000)]).toHaveLength(1);
});

test('Of several missed times only the latest is made up for.', () => {
  using world = new EngineWorld();
  const hourly = world.runbook({ triggers: [{ cron: '0 * * * *', catch_up: '12h' }] });
  const schedule = new RunbookSchedule([hourly], 'UTC', at('05:30:00'), always);
  expect([...schedule.due(at('05:30:00'))]).toMatchObject([{ occasion: { startsAt: at('05:00:00') } }]);
});

test('A service that was down at two makes up for it once, however often it crashes and starts again.', async () => {
  let now = two - 1;
  const held: Clock = { now: () => now, sleep: systemClock.sleep };
  using world = new EngineWorld({ triggers: [{ cron: '0 2 * * *', catch_up: '4h' }] }, held);
  // It knew the trigger, and was down at two.
  await world.engine()[Symbol.asyncDispose]();
  expect(world.runs).toEqual([]);
  now = at('04:30:00');
  for (let start = 0; start < 3; start++) {
    await using _engine = world.engine();
    expect(await world.settled()).toMatchObject([
      { outcome: 'succeeded', actor: 'cron', startsAt: '2026-02-05T02:00:00.000Z' },
    ]);
  }
  expect(world.step.calls).toHaveLength(1);
});

test('A time is not missed that was on record as held: the kill switch is no outage.', async () => {
  let now = two - 1;
  const held: Clock = { now: () => now, sleep: systemClock.sleep };
  using world = new EngineWorld({ triggers: [{ cron: '0 2 * * *', catch_up: '4h' }] }, held);
  world.store.holds.put({ holder: 'wang', expiresAt: two + 60_000 }, now);
  {
    await using engine = world.engine();
    now = two + 2000;
    engine.ring();
    await world.settled();
  }
  now = at('04:30:00');
  await using engine = world.engine();
  expect(await engine.deliverEvent('none', { fingerprint: 'x', startsAt: now, labels: {} })).toEqual([]);
  expect(world.runs).toMatchObject([{ outcome: 'held' }]);
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
