import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { alertOf, NotifyWorld } from './testing/notify-world.ts';
import { recordingContact, toldOf } from './testing/recording-contact.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-notify-'));
afterAll(() => rmSync(folder, { recursive: true }));

const watchdog = [alertOf('Watchdog', { tier: 'C' })];
const events = (contact: ReturnType<typeof recordingContact>) =>
  toldOf(contact).map((text) => text.split(' ')[0]);

async function beating(world: NotifyWorld, minutes: number): Promise<void> {
  for (let half = 0; half < 2 * minutes; half += 1) {
    world.notify(watchdog);
    await world.pass(30_000, 5000);
  }
}

test('While the Watchdog comes nobody hears of it; when it stops an A is raised once; when it is back that is said once.', async () => {
  const [boss, other] = [recordingContact('boss'), recordingContact('other')];
  using world = new NotifyWorld({ contacts: [boss, other], heartbeat: ['boss'] });
  await beating(world, 10);
  expect(boss.attempts).toEqual([]);
  await world.pass(89_000);
  expect(boss.attempts).toEqual([]);
  await world.pass(3_600_000, 10_000);
  expect(events(boss)).toEqual(['heartbeat-lost']);
  expect(boss.messages[0]).toMatchObject({
    tier: 'A',
    items: [{ alert: { labels: { alertname: 'HeartbeatLost' } } }],
  });
  await beating(world, 5);
  expect(events(boss)).toEqual(['heartbeat-lost', 'heartbeat-back']);
  await world.pass(200_000, 10_000);
  expect(events(boss)).toEqual(['heartbeat-lost', 'heartbeat-back', 'heartbeat-lost']);
  expect(other.attempts).toEqual([]);
});

test('Before the first Watchdog it waits the whole time after the start, then says that none has ever come.', async () => {
  const boss = recordingContact('boss');
  using world = new NotifyWorld({ contacts: [boss], heartbeat: ['boss'] });
  await world.pass(119_000);
  expect(boss.attempts).toEqual([]);
  await world.pass(1000);
  expect(boss.messages[0]?.items[0]?.alert.annotations.description).toContain('It has never arrived');
});

test('A Watchdog that is over is no heartbeat.', async () => {
  const boss = recordingContact('boss');
  using world = new NotifyWorld({ contacts: [boss], heartbeat: ['boss'] });
  world.notify(watchdog);
  await world.pass(60_000);
  world.notify([alertOf('Watchdog', { status: 'resolved' })]);
  await world.pass(60_000);
  expect(events(boss)).toEqual(['heartbeat-lost']);
});

test('A restart remembers the last heartbeat and the alarm, and gives Alertmanager time to reach it again.', async () => {
  const boss = recordingContact('boss');
  using world = new NotifyWorld({
    contacts: [boss],
    heartbeat: ['boss'],
    store: path.join(folder, 'heartbeat.sqlite'),
  });
  await beating(world, 1);
  world.restart(3_600_000);
  await world.pass(59_000);
  expect(boss.attempts).toEqual([]);
  await world.pass(1000);
  expect(events(boss)).toEqual(['heartbeat-lost']);
  world.restart(60_000);
  await world.pass(600_000, 10_000);
  expect(events(boss)).toEqual(['heartbeat-lost']);
  world.notify(watchdog);
  await world.pass(1000);
  expect(events(boss)).toEqual(['heartbeat-lost', 'heartbeat-back']);
});

test('A machine that was suspended is no silence of the others.', async () => {
  const boss = recordingContact('boss');
  using world = new NotifyWorld({ contacts: [boss], heartbeat: ['boss'] });
  await beating(world, 1);
  world.time += 3_600_000;
  await world.pass(59_000);
  expect(boss.attempts).toEqual([]);
});

test('With nobody to tell it watches nothing.', async () => {
  const boss = recordingContact('boss');
  using world = new NotifyWorld({ contacts: [boss] });
  await world.pass(600_000, 10_000);
  expect(boss.attempts).toEqual([]);
});
