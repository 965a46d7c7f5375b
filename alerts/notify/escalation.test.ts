import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { acknowledge } from './escalation.ts';
import { alertOf, NotifyWorld, type WorldOptions } from './testing/notify-world.ts';
import { recordingContact, toldOf } from './testing/recording-contact.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-notify-'));
afterAll(() => rmSync(folder, { recursive: true }));

const routes = [
  {
    tiers: ['A'],
    receivers: ['line'],
    escalate: [
      { after: '5m', receivers: ['shift'] },
      { after: '10m', receivers: ['shift', 'boss'] },
    ],
  },
  { receivers: ['mail'] },
];

function escalating(more: Partial<WorldOptions> = {}) {
  const contacts = ['line', 'shift', 'boss', 'mail'].map((name) => recordingContact(name));
  const told = () =>
    Object.fromEntries(
      contacts.map((contact) => [contact.name, toldOf(contact).map((text) => text.split(' ')[0])]),
    );
  return { world: new NotifyWorld({ contacts, routes, ...more }), told, contacts };
}

test('An A that nobody acknowledges goes to the next contacts when their time has come, and its end to all of them.', async () => {
  const { world: made, told } = escalating();
  using world = made;
  world.notify([alertOf('MesDown')]);
  await world.pass(299_000, 13_000);
  expect(told()).toEqual({ line: ['firing'], shift: [], boss: [], mail: ['firing'] });
  await world.pass(1000);
  expect(told()).toMatchObject({ shift: ['escalated'], boss: [] });
  await world.pass(300_000, 10_000);
  expect(told()).toMatchObject({ shift: ['escalated', 'escalated'], boss: ['escalated'] });
  world.notify([alertOf('MesDown', { status: 'resolved' })]);
  await world.pass(3_600_000, 60_000);
  expect(told()).toEqual({
    line: ['firing', 'resolved'],
    shift: ['escalated', 'escalated', 'resolved'],
    boss: ['escalated', 'resolved'],
    mail: ['firing', 'resolved'],
  });
});

test.for(['acknowledged', 'resolved'] as const)(
  'An A that is %s in time goes to nobody else.',
  async (how) => {
    const { world: made, told } = escalating();
    using world = made;
    world.notify([alertOf('MesDown')]);
    await world.pass(299_000, 13_000);
    if (how === 'resolved') world.notify([alertOf('MesDown', { status: 'resolved' })]);
    else expect(acknowledge(world.store, 1, 'Li', world.time)).toBe(true);
    await world.pass(3_600_000, 60_000);
    expect(told()).toMatchObject({ shift: [], boss: [] });
    expect(acknowledge(world.store, 1, 'Wang', world.time)).toBe(false);
  },
);

test('What was to be escalated but could not be told yet is taken back when somebody has it.', async () => {
  const { world: made, told, contacts } = escalating();
  using world = made;
  const shift = contacts[1];
  if (shift) shift.answer = () => ({ outcome: 'retry', reason: 'down', afterMs: 600_000 });
  world.notify([alertOf('Other'), alertOf('MesDown')]);
  await world.pass(300_000, 10_000);
  expect(shift?.attempts).toHaveLength(1);
  world.notify([alertOf('Late', { start: '08:04:00' })]);
  await world.pass(301_000, 7000);
  acknowledge(world.store, 3, 'Li', world.time);
  if (shift) shift.answer = () => ({ outcome: 'delivered' });
  await world.pass(1_200_000, 10_000);
  expect(told().shift).toEqual(['escalated', 'escalated', 'escalated', 'escalated']);
  expect(shift && toldOf(shift).filter((text) => text.includes('Late'))).toEqual([]);
});

test('Only what waits for somebody carries a link, and each alert has a secret of its own.', async () => {
  const { world: made, contacts } = escalating();
  using world = made;
  world.notify([alertOf('MesDown'), alertOf('MesSlow'), alertOf('Small', { tier: 'B' })]);
  await world.send();
  const links = (index: number) =>
    contacts[index]?.messages.flatMap(({ items }) => items.map((item) => item.acknowledgeUrl));
  expect(links(3)).toEqual([
    expect.stringMatching(/^http:\/\/notify\/ack\/[\w-]{22}$/),
    expect.any(String),
    undefined,
  ]);
  expect(new Set(links(3)).size).toBe(3);
  expect(links(0)).toEqual(links(3)?.slice(0, 2));
});

test('A restart forgets no escalation, not even one whose time came while nothing ran.', async () => {
  const { world: made, told } = escalating({ store: path.join(folder, 'restart.sqlite') });
  using world = made;
  world.notify([alertOf('MesDown')]);
  await world.pass(60_000);
  world.restart();
  await world.pass(60_000);
  expect(told()).toMatchObject({ line: ['firing'], shift: [] });
  world.restart(480_000);
  await world.pass(1000);
  expect(told()).toMatchObject({ line: ['firing'], shift: ['escalated', 'escalated'], boss: ['escalated'] });
});
