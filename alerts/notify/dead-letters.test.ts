import { expect, test } from 'vitest';
import { alertOf, NotifyWorld } from './testing/notify-world.ts';
import { delivered, down, recordingContact, toldOf } from './testing/recording-contact.ts';

test('What is refused is a dead letter with its reason, and can be retried with all that followed.', async () => {
  const [strict, well] = [recordingContact('strict'), recordingContact('well')];
  using world = new NotifyWorld({ contacts: [strict, well] });
  strict.answer = () => ({ outcome: 'refused', reason: 'no such\u001b[31m robot' });
  world.notify([alertOf('A1')]);
  await world.send();
  world.notify([alertOf('A1', { status: 'resolved' }), alertOf('A2')]);
  await world.send();
  expect(world.store.deadLetters.list()).toMatchObject([
    { receiver: 'strict', event: 'firing', alert: 'A1', tier: 'A', reason: 'no such [31m robot' },
    { event: 'resolved', alert: 'A1', reason: 'an earlier notice of the same alert is a dead letter' },
    { event: 'firing', alert: 'A2' },
  ]);
  expect(world.store.deliveries.pending()).toEqual([]);
  strict.answer = () => delivered;
  const [first] = world.store.deadLetters.list();
  expect(world.store.deadLetters.retry(first?.id, world.time)).toBe(2);
  await world.send();
  expect(toldOf(strict)).toEqual(['firing A1 08:00:00', 'resolved A1 08:00:00']);
  expect(world.store.deadLetters.retry(4711, world.time)).toBe(0);
  expect(world.store.deadLetters.retry(undefined, world.time)).toBe(1);
  await world.send();
  expect(toldOf(strict).toSorted()).toEqual(toldOf(well).toSorted());
  expect(world.store.deadLetters.list()).toEqual([]);
});

test('An end that was waiting while its beginning was refused is a dead letter too.', async () => {
  const contact = recordingContact('strict');
  using world = new NotifyWorld({ contacts: [contact] });
  contact.answer = () => {
    world.notify([alertOf('A1', { status: 'resolved' })]);
    return { outcome: 'refused', reason: 'no' };
  };
  world.notify([alertOf('A1')]);
  await world.send();
  expect(contact.attempts).toHaveLength(1);
  expect(world.store.deadLetters.list().map(({ event }) => event)).toEqual(['firing', 'resolved']);
  expect(world.store.counters.of('buried').get('strict')).toBe(2);
});

test('What could not be told within a day is given up, and says what the last answer was.', async () => {
  const contact = recordingContact('phone');
  using world = new NotifyWorld({ contacts: [contact] });
  contact.answer = () => down;
  world.notify([alertOf('A1')]);
  await world.send();
  world.notify([alertOf('C1', { tier: 'C' })]);
  await world.pass(24 * 3_600_000, 600_000);
  expect(world.store.deadLetters.list()).toEqual([]);
  await world.pass(1000);
  expect(world.store.deadLetters.list().map(({ alert, reason }) => [alert, reason])).toEqual([
    ['A1', 'not delivered within 1d; the last answer: it is down'],
    ['C1', expect.stringMatching(/^not delivered within 1d/)],
  ]);
});

test('What waits for a receiver that andon.yaml no longer has becomes a dead letter, not a secret.', async () => {
  const contact = recordingContact('gone');
  using world = new NotifyWorld({ contacts: [contact] });
  contact.answer = () => down;
  world.notify([alertOf('A1')]);
  await world.send();
  world.notify([alertOf('A2')]);
  world.store.deadLetters.buryOfUnknownReceivers(['gone'], world.time);
  expect(world.store.deadLetters.list()).toEqual([]);
  world.store.deadLetters.buryOfUnknownReceivers(['another'], world.time);
  expect(world.store.deadLetters.list().map(({ alert }) => alert)).toEqual(['A1', 'A2']);
  contact.answer = () => delivered;
  await world.pass(10_000);
  expect(contact.messages).toEqual([]);
});

test('What is over is forgotten after a while; dead letters are not.', async () => {
  const [strict, well] = [recordingContact('strict'), recordingContact('well')];
  using world = new NotifyWorld({
    contacts: [strict, well],
    routes: [{ receivers: ['strict', 'well'], match: { alertname: 'Kept' } }, { receivers: ['well'] }],
  });
  strict.answer = () => ({ outcome: 'refused', reason: 'no' });
  for (const status of ['firing', 'resolved'])
    world.notify([alertOf('Kept', { status }), alertOf('Gone', { status })]);
  await world.send();
  world.store.prune(world.time + 1);
  expect(world.store.deadLetters.list().map(({ alert }) => alert)).toEqual(['Kept', 'Kept']);
  const known = (name: string) =>
    world.store.occurrences.note({ ...alertOf(name), status: 'resolved' } as never, 'A', world.time).id;
  expect(known('Kept')).toBe(1);
  expect(known('Gone')).not.toBe(2);
});
