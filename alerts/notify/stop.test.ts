import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import type { SendResult } from './channel.ts';
import { alertOf } from './testing/notify-world.ts';
import { delivered, recordingContact, toldOf } from './testing/recording-contact.ts';
import { startTestNotifier } from './testing/running-notifier.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-notify-'));
afterAll(() => rmSync(folder, { recursive: true }));

const twice = (name: string) => `andon_notify_possibly_twice_total{receiver="${name}"}`;

/** Starts a notifier, gets a message under way, and stops it; what the channel does meanwhile is up to `answer`. */
async function stopUnderWay(
  store: string,
  answer: (signal: AbortSignal, stopped: Promise<void>) => Promise<SendResult>,
) {
  const contact = recordingContact('phone');
  const stopping = Promise.withResolvers<void>();
  contact.answer = (_message, signal) => answer(signal, stopping.promise);
  const notifier = await startTestNotifier({ contacts: [contact], store });
  await notifier.post({ version: '4', alerts: [alertOf('MesDown')] });
  await waitFor(() => contact.attempts.length === 1, {
    what: 'a message under way',
    timeoutMs: 20_000,
    everyMs: 10,
  });
  const stopped = notifier[Symbol.asyncDispose]();
  stopping.resolve();
  await stopped;
  return contact;
}

test('A stop waits for the message under way and records it: after the next start it is not sent again.', async () => {
  const store = path.join(folder, 'finished.sqlite');
  const contact = await stopUnderWay(store, async (_signal, stopped) => {
    await stopped;
    return delivered;
  });
  expect(toldOf(contact)).toHaveLength(1);
  const next = recordingContact('phone');
  await using notifier = await startTestNotifier({ contacts: [next], store });
  await notifier.post({ version: '4', alerts: [alertOf('Other')] });
  await waitFor(() => next.messages.length > 0, { what: 'the other alert', timeoutMs: 20_000, everyMs: 10 });
  expect(toldOf(next)).toEqual(['firing Other 08:00:00']);
  expect((await notifier.metrics()).get(twice('phone'))).toBe(0);
});

test('A message that does not end in time is cut off, put back, counted, and sent again after the next start.', async () => {
  const store = path.join(folder, 'cut-off.sqlite');
  const contact = await stopUnderWay(
    store,
    (signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => resolve({ outcome: 'retry', reason: 'cut off' }), {
          once: true,
        }),
      ),
  );
  const next = recordingContact('phone');
  await using notifier = await startTestNotifier({ contacts: [next], store });
  await waitFor(() => next.messages.length > 0, { what: 'the repetition', timeoutMs: 20_000, everyMs: 10 });
  expect(next.messages[0]?.id).toBe(contact.attempts[0]?.id);
  expect((await notifier.metrics()).get(twice('phone'))).toBe(1);
});

test('A receiver that does not answer delays no other.', async () => {
  const [silent, well] = [recordingContact('silent'), recordingContact('well')];
  const answered = Promise.withResolvers<SendResult>();
  silent.answer = () => answered.promise;
  await using notifier = await startTestNotifier({ contacts: [silent, well] });
  for (const name of ['One', 'Two', 'Three']) {
    await notifier.post({ version: '4', alerts: [alertOf(name)] });
    const told = () => toldOf(well).some((text) => text.includes(name));
    await waitFor(told, { what: name, timeoutMs: 20_000, everyMs: 10 });
  }
  expect(silent.attempts).toHaveLength(1);
  answered.resolve(delivered);
});
