import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { waitFor } from '../../kit/wait.ts';
import type { Message } from './message.ts';
import { type NotifierProcess, startNotifierProcess } from './testing/notifier-process.ts';
import { alertOf } from './testing/notify-world.ts';
import { samplesIn, testToken } from './testing/running-notifier.ts';
import { itemsOf, lostItems, overtaken, repetitions, type SeenAttempt } from './testing/storm-record.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-notify-'));
afterAll(() => rmSync(folder, { recursive: true }));

const names = ['wecom', 'dingtalk', 'mail'];
const alerts = 5000;
const perWebhook = 50;
/** After so many alerts the notifier is killed. */
const killAt = [1000, 3000];
const tierOf = (index: number) => (index % 10 === 0 ? 'A' : index % 3 === 0 ? 'B' : 'C');

/** Receivers that fail half the time, never more than five times running; frozen, they take what comes and never answer. */
async function startReceivers() {
  const seen = new Map<string, SeenAttempt[]>(names.map((name) => [name, []]));
  const failures = new Map<string, number>();
  const state = { frozen: false, held: new Set<string>() };
  let seed = 42;
  const fails = (name: string) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    const running = failures.get(name) ?? 0;
    const failing = running < 5 && seed / 2 ** 31 < 0.5;
    failures.set(name, failing ? running + 1 : 0);
    return failing;
  };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const piece of request) text += String(piece);
    const message = JSON.parse(text) as Message;
    const name = String(request.url).slice(1);
    const taken = state.frozen || !fails(name);
    seen
      .get(name)
      ?.push({ at: performance.now(), id: message.id, tier: message.tier, items: itemsOf(message), taken });
    if (state.frozen) state.held.add(name);
    else response.writeHead(taken ? 200 : 500).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    seen,
    state,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Posts as Alertmanager does: again and again until it is accepted. Notes when. */
async function post(
  urlOf: () => string,
  webhook: Record<string, unknown>[],
  acceptedAt: Map<string, number>,
): Promise<void> {
  const body = JSON.stringify({ version: '4', alerts: webhook });
  const accepted = async () => {
    const headers = { authorization: `Bearer ${testToken}` };
    return (await fetch(`${urlOf()}/alertmanager`, { method: 'POST', headers, body })).ok;
  };
  await waitFor(accepted, { what: 'a notification', timeoutMs: 60_000, everyMs: 20 });
  for (const { status, fingerprint, labels } of webhook as {
    status: string;
    fingerprint: string;
    labels: { tier: string };
  }[])
    if (labels.tier === 'A') acceptedAt.set(`${status} ${fingerprint}`, performance.now());
}

/** Everything that the storm has to bring to each receiver, and when each A of it was accepted. */
interface Storm {
  readonly expected: string[];
  readonly acceptedAt: Map<string, number>;
}

/** 5,000 alerts, a fifth of which end at once; `at` is called when so many have been sent. */
async function blow(urlOf: () => string, at: (sent: number) => void): Promise<Storm> {
  const storm: Storm = { expected: [], acceptedAt: new Map() };
  for (let from = 0; from < alerts; from += perWebhook) {
    at(from);
    const indexes = Array.from({ length: perWebhook }, (_, offset) => from + offset);
    const alert = (index: number, status: string) =>
      alertOf(`Alert${index}`, { status, tier: tierOf(index) });
    const fired = indexes.map((index) => alert(index, 'firing'));
    const ended = indexes.filter((index) => index % 5 === 0).map((index) => alert(index, 'resolved'));
    for (const webhook of [fired, ended]) await post(urlOf, webhook, storm.acceptedAt);
    storm.expected.push(...[...fired, ...ended].map(({ status, fingerprint }) => `${status} ${fingerprint}`));
  }
  return storm;
}

/** Kills the notifier after every receiver has taken a message and before it has said so; starts another. */
async function killUnderWay(
  { state }: Awaited<ReturnType<typeof startReceivers>>,
  notifier: NotifierProcess,
  start: () => Promise<NotifierProcess>,
): Promise<NotifierProcess> {
  state.frozen = true;
  const allHeld = () => state.held.size === names.length;
  await waitFor(allHeld, { what: 'messages under way', timeoutMs: 30_000, everyMs: 5 });
  await notifier.kill();
  state.frozen = false;
  state.held.clear();
  return start();
}

/** Waits until nothing is pending, and returns the metrics of then. */
function drained(notifier: NotifierProcess): Promise<Map<string, number>> {
  const check = async () => {
    const now = samplesIn(await (await fetch(`${notifier.url}/metrics`)).text());
    return names.every((name) => now.get(`andon_notify_pending{receiver="${name}"}`) === 0) && now;
  };
  return waitFor(check, { what: 'the end of the queue', timeoutMs: 90_000 });
}

test('5,000 alerts, receivers that fail half the time, two kills: nothing lost, nothing twice but what is counted, A first.', async () => {
  await using receivers = await startReceivers();
  await using stack = new AsyncDisposableStack();
  const store = path.join(folder, 'storm.sqlite');
  const start = async () => stack.use(await startNotifierProcess(store, receivers.url, names));
  let notifier = await start();
  let restarted: Promise<void> = Promise.resolve();
  const { expected, acceptedAt } = await blow(
    () => notifier.url,
    (sent) => {
      if (!killAt.includes(sent)) return;
      restarted = restarted.then(async () => {
        notifier = await killUnderWay(receivers, notifier, start);
      });
    },
  );
  await restarted;
  const end = await drained(notifier);
  for (const name of names) {
    const seen = receivers.seen.get(name) ?? [];
    const metric = (what: string) => end.get(`andon_notify_${what}{receiver="${name}"}`);
    expect(lostItems(seen, expected)).toEqual([]);
    expect(repetitions(seen).items).toEqual([]);
    // Each kill fell between sending and recording, for every receiver.
    expect(repetitions(seen).messages).toHaveLength(killAt.length);
    expect(metric('possibly_twice_total')).toBe(killAt.length);
    expect(metric('delivered_total')).toBe(expected.length);
    expect(metric('dead_letters')).toBe(0);
    expect(overtaken(seen, acceptedAt)).toEqual([]);
    expect(seen.filter(({ taken }) => !taken).length).toBeGreaterThan(seen.length / 4);
  }
  expect(await notifier.stop()).toBe(0);
}, 180_000);

test('The checks would notice what is lost, told twice, or sent before an A.', () => {
  const attempt = (at: number, id: string, tier: 'A' | 'C', items: string[], taken = true) => ({
    at,
    id,
    tier,
    items,
    taken,
  });
  const right = [attempt(1, 'm1', 'C', ['firing c1']), attempt(2, 'm2', 'A', ['firing a1', 'firing a2'])];
  expect(lostItems(right, ['firing c1', 'firing a1', 'firing a2'])).toEqual([]);
  expect(
    lostItems([...right.slice(0, 1), attempt(2, 'm2', 'A', ['firing a1'], false)], ['firing a1']),
  ).toEqual(['firing a1']);
  expect(repetitions(right)).toEqual({ messages: [], items: [] });
  expect(repetitions([...right, attempt(3, 'm2', 'A', ['firing a1'])]).messages).toEqual(['m2']);
  expect(repetitions([...right, attempt(3, 'm3', 'A', ['firing a1'])]).items).toEqual(['firing a1']);
  expect(overtaken(right, new Map([['firing a1', 0]]))).toEqual([]);
  const late = [...right.slice(0, 1), attempt(2, 'm3', 'C', ['firing c2'])];
  expect(overtaken(late, new Map([['firing a1', 0]]))).toEqual(['m3 (C) went before firing a1']);
  expect(overtaken(late, new Map([['firing a1', 1.5]]))).toEqual([]);
});
