import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../cli/testing/andon-process.ts';
import { openSqlite } from '../../kit/sqlite.ts';
import { alertOf, NotifyWorld } from './testing/notify-world.ts';
import { delivered, down, recordingContact, toldOf } from './testing/recording-contact.ts';

test('A clock that is put back keeps no receiver waiting for it.', async () => {
  const contact = recordingContact('phone', { messages: 1, perMs: 60_000 });
  using world = new NotifyWorld({ contacts: [contact] });
  contact.answer = () => down;
  world.notify([alertOf('A1')]);
  await world.send();
  world.time -= 24 * 3_600_000;
  contact.answer = () => delivered;
  await world.pass(1000);
  expect(toldOf(contact)).toHaveLength(1);
});

test('A failure is tried again with the same message, later and later; another receiver does not notice.', async () => {
  const [broken, well] = [recordingContact('broken'), recordingContact('well')];
  using world = new NotifyWorld({ contacts: [broken, well] });
  const triedAt: number[] = [];
  broken.answer = () => {
    triedAt.push((world.time - start) / 1000);
    return down;
  };
  const start = world.time;
  world.notify([alertOf('A1')]);
  await world.send();
  expect(toldOf(well)).toHaveLength(1);
  await world.pass(200_000);
  expect(triedAt).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
  expect(new Set(broken.attempts.map(({ id }) => id)).size).toBe(1);
  broken.answer = () => delivered;
  await world.pass(60_000);
  expect(toldOf(broken)).toEqual(toldOf(well));
});

test('What gathers while a receiver is down is told together when it is back, the A first.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  contact.answer = () => down;
  world.notify([alertOf('C0', { tier: 'C' })]);
  await world.pass(100_000);
  for (let index = 1; index <= 30; index += 1) world.notify([alertOf(`C${index}`, { tier: 'C' })]);
  world.notify([alertOf('A1')]);
  contact.answer = () => delivered;
  await world.pass(60_000);
  expect(contact.messages.map(({ tier, items }) => [tier, items.length])).toEqual([
    ['A', 31],
    ['C', 1],
  ]);
});

test('A message that the other end never takes does not hold up the others for ever.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  contact.answer = ({ items }) =>
    items.some(({ alert }) => alert.labels.alertname === 'Poison') ? down : delivered;
  world.notify([alertOf('Poison')]);
  await world.send();
  world.notify([alertOf('C1', { tier: 'C' })]);
  await world.pass(60_000);
  expect(toldOf(contact)).toEqual([]);
  await world.pass(600_000);
  expect(toldOf(contact)).toEqual(['firing C1 08:00:00']);
});

test('What the other end asks for is kept, but not for ever.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  contact.answer = () => ({ outcome: 'retry', reason: 'slower', afterMs: 90_000 });
  world.notify([alertOf('A1')]);
  await world.pass(89_000);
  expect(contact.attempts).toHaveLength(1);
  contact.answer = () => ({ outcome: 'retry', reason: 'slower', afterMs: 1e12 });
  await world.pass(10_000);
  expect(contact.attempts).toHaveLength(2);
  await world.pass(16 * 60_000);
  expect(contact.attempts).toHaveLength(3);
});

test('A channel that throws is tried again, not lost.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  contact.answer = () => {
    throw new Error('a mistake of ours');
  };
  world.notify([alertOf('A1')]);
  await world.send();
  contact.answer = () => delivered;
  await world.pass(2000);
  expect(toldOf(contact)).toHaveLength(1);
});

test('A delivery that could not be recorded at once is recorded later, not sent again.', async () => {
  using folder = temporaryFolder('notify-unrecorded');
  const store = path.join(folder.path, 'notify.sqlite');
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact], store });
  const other = openSqlite(store);
  contact.answer = () => {
    other.exec('BEGIN IMMEDIATE');
    return delivered;
  };
  world.notify([alertOf('A1')]);
  await expect(world.send()).rejects.toThrow(/locked/);
  other.exec('ROLLBACK');
  other.close();
  await world.send();
  expect(contact.attempts).toHaveLength(1);
  expect(world.store.deliveries.pending()).toEqual([]);
  expect(world.store.counters.of('delivered').get('phone')).toBe(1);
});
