import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alertOf, NotifyWorld } from './testing/notify-world.ts';
import {
  delivered,
  down,
  type RecordingContact,
  recordingContact,
  toldOf,
} from './testing/recording-contact.ts';

const tiers = ['A', 'B', 'C'] as const;

const notice = fc.record({
  alert: fc.nat(5),
  start: fc.nat(1),
  status: fc.constantFrom('firing', 'resolved'),
});
const step = fc.oneof(
  fc.record({
    kind: fc.constant('webhook' as const),
    notices: fc.array(notice, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({
    kind: fc.constant('health' as const),
    receiver: fc.nat(1),
    answer: fc.constantFrom('delivered', 'down', 'refused'),
  }),
  fc.record({ kind: fc.constant('time' as const), ms: fc.nat(350) }),
  fc.record({ kind: fc.constant('retry' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

const answers = { delivered, down, refused: { outcome: 'refused', reason: 'no' } } as const;

async function play(steps: readonly Step[], contacts: readonly RecordingContact[]): Promise<Set<string>> {
  using world = new NotifyWorld({ contacts });
  const [fired, ended] = [new Set<string>(), new Set<string>()];
  for (const now of steps) {
    if (now.kind === 'time') await world.pass(now.ms);
    else if (now.kind === 'retry') world.store.deadLetters.retry(undefined, world.time);
    else if (now.kind === 'health') {
      const contact = contacts[now.receiver];
      if (contact) contact.answer = () => answers[now.answer as keyof typeof answers];
    } else {
      world.notify(
        now.notices.map(({ alert, start, status }) => {
          const at = `08:0${start}:00`;
          (status === 'firing' ? fired : ended).add(`Alert${alert} ${at}`);
          return alertOf(`Alert${alert}`, { status, start: at, tier: tiers[alert % 3] ?? 'C' });
        }),
      );
    }
  }
  for (const contact of contacts) contact.answer = () => delivered;
  world.store.deadLetters.retry(undefined, world.time);
  await world.pass(300_000, 10_000);
  expect(world.store.deliveries.pending()).toEqual([]);
  return new Set([
    ...[...fired].map((name) => `firing ${name}`),
    ...[...fired].filter((name) => ended.has(name)).map((name) => `resolved ${name}`),
  ]);
}

/** What is wrong with what a receiver was told; nothing when each was told exactly once, and no end before its beginning. */
function mistakes(told: readonly string[], expected: ReadonlySet<string>): string[] {
  return [
    ...[...expected].filter((item) => !told.includes(item)).map((item) => `lost: ${item}`),
    ...told.filter((item, index) => told.indexOf(item) !== index).map((item) => `twice: ${item}`),
    ...told.filter((item) => !expected.has(item)).map((item) => `made up: ${item}`),
    ...told
      .filter(
        (item, index) =>
          item.startsWith('resolved') && !told.slice(0, index).includes(item.replace('resolved', 'firing')),
      )
      .map((item) => `too early: ${item}`),
  ];
}

test('Whatever comes in whatever order, and however receivers fail, each is told of each beginning and end exactly once.', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const contacts = [recordingContact('one'), recordingContact('two', { messages: 3, perMs: 10_000 })];
      const expected = await play(steps, contacts);
      for (const contact of contacts) expect(mistakes(toldOf(contact), expected)).toEqual([]);
    }),
    { numRuns: 300 },
  );
}, 120_000);

test('The check would notice what is lost, told twice, made up or told too early.', () => {
  const expected = new Set(['firing Alert1 08:00:00', 'resolved Alert1 08:00:00']);
  const right = [...expected];
  expect(mistakes(right, expected)).toEqual([]);
  expect(mistakes(right.slice(0, 1), expected)).toEqual(['lost: resolved Alert1 08:00:00']);
  expect(mistakes([...right, 'firing Alert1 08:00:00'], expected)).toEqual(['twice: firing Alert1 08:00:00']);
  expect(mistakes([...right, 'firing Alert2 08:00:00'], expected)).toEqual([
    'made up: firing Alert2 08:00:00',
  ]);
  expect(mistakes(right.toReversed(), expected)).toEqual(['too early: resolved Alert1 08:00:00']);
});
