import { expect, test } from 'vitest';
import { alertOf, NotifyWorld } from './testing/notify-world.ts';
import { delivered, down, recordingContact, toldOf } from './testing/recording-contact.ts';

test('An alert is told once, its end once, and repetitions of either are told to nobody.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  for (const status of ['firing', 'firing', 'resolved', 'resolved', 'firing']) {
    world.notify([alertOf('MesDown', { status }), alertOf('MesDown', { status })]);
    await world.send();
  }
  expect(toldOf(contact)).toEqual(['firing MesDown 08:00:00', 'resolved MesDown 08:00:00']);
  world.notify([alertOf('MesDown', { start: '08:30:00' })]);
  await world.send();
  expect(toldOf(contact)).toHaveLength(3);
});

test('An alert that goes on although its end was told is told again; a late notice within seconds of the end is not.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  for (const status of ['firing', 'resolved']) world.notify([alertOf('MesDown', { status })]);
  await world.pass(15_000);
  world.notify([alertOf('MesDown')]);
  await world.pass(1000);
  expect(toldOf(contact)).toHaveLength(2);
  world.notify([alertOf('MesDown')]);
  await world.pass(20_000);
  for (const status of ['firing', 'resolved', 'resolved']) world.notify([alertOf('MesDown', { status })]);
  await world.send();
  expect(toldOf(contact).map((text) => text.split(' ')[0])).toEqual([
    'firing',
    'resolved',
    'firing',
    'resolved',
  ]);
});

test('The end of what was never told is told to nobody; when its beginning comes late, both are told in one message.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  world.notify([alertOf('MesDown', { status: 'resolved' })]);
  await world.send();
  expect(contact.attempts).toEqual([]);
  world.notify([alertOf('MesDown')]);
  await world.send();
  expect(contact.messages).toHaveLength(1);
  expect(toldOf(contact)).toEqual(['firing MesDown 08:00:00', 'resolved MesDown 08:00:00']);
});

test('What ends before it could be told is told with its end in one message, and offers no acknowledgement.', async () => {
  const contact = recordingContact('phone');
  const routes = [{ receivers: ['phone'], escalate: [{ after: '5m', receivers: ['phone'] }] }];
  using world = new NotifyWorld({ contacts: [contact], routes });
  world.notify([alertOf('MesDown')]);
  world.notify([alertOf('MesDown', { status: 'resolved' })]);
  await world.send();
  expect(contact.messages).toHaveLength(1);
  expect(contact.messages[0]?.items).toMatchObject([
    { event: 'firing', alert: { status: 'firing' } },
    { event: 'resolved', alert: { status: 'resolved', endsAt: '2026-01-31T09:00:00.000Z' } },
  ]);
  expect(contact.messages[0]?.items[0]).not.toHaveProperty('acknowledgeUrl');
});

test('A comes before B before C, and older before newer; what waits is told together.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  for (const [name, tier] of [
    ['C1', 'C'],
    ['B1', 'B'],
    ['A1', 'A'],
    ['A2', 'A'],
    ['B2', 'B'],
  ] as const)
    world.notify([alertOf(name, { tier })]);
  await world.send();
  expect(contact.messages).toMatchObject([{ tier: 'A', omitted: 0 }]);
  expect(toldOf(contact).map((text) => text.split(' ')[1])).toEqual(['A1', 'A2', 'B1', 'B2', 'C1']);
});

test('A message carries at most fifty alerts, and never parts the beginning of one from its end.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  const names = Array.from({ length: 60 }, (_, index) => `Alert${index}`);
  for (const status of ['firing', 'resolved']) world.notify(names.map((name) => alertOf(name, { status })));
  await world.send();
  expect(contact.messages.map(({ items }) => items.length)).toEqual([100, 20]);
  expect(new Set(toldOf(contact)).size).toBe(120);
});

test('No stretch of the limit holds more messages than allowed; B and C leave a quarter of it to A; all is told in the end.', async () => {
  const contact = recordingContact('robot', { messages: 4, perMs: 60_000 });
  using world = new NotifyWorld({ contacts: [contact] });
  const sentAt: number[] = [];
  contact.answer = () => {
    sentAt.push(world.time);
    return delivered;
  };
  for (let index = 0; index < 100; index += 1) {
    world.notify([alertOf(`C${index}`, { tier: 'C' })]);
    await world.pass(1000);
  }
  world.notify([alertOf('A1')]);
  await world.send();
  expect(contact.messages.at(-1)?.tier).toBe('A');
  await world.pass(120_000);
  expect(toldOf(contact)).toHaveLength(101);
  for (const [index, at] of sentAt.entries())
    expect((sentAt[index + 4] ?? at + 60_000) - at).toBeGreaterThanOrEqual(60_000);
});

test('The lower of two limits counts.', async () => {
  const contact = { ...recordingContact('robot'), rate: { messages: 1, perMs: 60_000 } };
  using world = new NotifyWorld({ contacts: [contact] });
  world.notify([alertOf('A1')]);
  await world.send();
  world.notify([alertOf('A2')]);
  await world.pass(59_000);
  expect(contact.messages).toHaveLength(1);
  await world.pass(1000);
  expect(contact.messages).toHaveLength(2);
});

test('What Alertmanager left out is told once to whoever hears of that notification.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  world.notify([alertOf('A1'), alertOf('A2')], { truncatedAlerts: 7 });
  await world.send();
  world.notify([alertOf('A1'), alertOf('A2')], { truncatedAlerts: 7 });
  await world.send();
  expect(contact.messages).toMatchObject([{ omitted: 7 }]);
  expect(world.store.counters.of('omitted').get('')).toBe(14);
});

test('An end is never told before its beginning, even when something more severe may go first.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  contact.answer = () => down;
  world.notify([alertOf('C1', { tier: 'C' })]);
  await world.send();
  world.notify([alertOf('C1', { tier: 'C', status: 'resolved' }), alertOf('A1')]);
  contact.answer = () => delivered;
  await world.pass(5000);
  expect(toldOf(contact).map((text) => text.slice(0, -9))).toEqual(['firing A1', 'firing C1', 'resolved C1']);
});
