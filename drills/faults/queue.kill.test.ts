import { afterAll, beforeAll, describe, test } from 'vitest';
import { runName } from '../run-name.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';
import { type QueueBench, startQueueBench, type VirtualHost } from './queue/testing/queue-bench.ts';

/** Every fault in a virtual host of its own: one of them lets nobody in. */
const hosts = [
  'gone',
  'gone-too',
  'away',
  'away-too',
  'flood',
  'flood-too',
  'poison',
  'poison-too',
  'hangs',
  'hangs-too',
] as const;
type HostName = (typeof hosts)[number];

const stack = new AsyncDisposableStack();
const plants = new Map<HostName, VirtualHost>();
let bench: QueueBench;
let range: KillRange;

beforeAll(async () => {
  bench = stack.use(await startQueueBench());
  for (const name of hosts) plants.set(name, await bench.virtualHost(name));
  for (const [name, plant] of plants) {
    await plant.channel.queueDeclare({ queue: 'erp', durable: true });
    // Somebody who comes back whenever he is thrown out; nobody where messages are to wait.
    if (/^(gone|hangs)/.test(name)) await plant.consume('erp', () => undefined);
  }
  range = stack.use(
    new KillRange(Object.fromEntries([...plants].map(([name, { target }]) => [name, target]))),
  );
});
afterAll(() => stack.disposeAsync());

const plantOf = (name: HostName): VirtualHost => {
  const plant = plants.get(name);
  if (!plant) throw new Error(`no virtual host ${name}`);
  return plant;
};

const waiting = (name: HostName) => async () => {
  const all = await (
    await bench.api('GET', `queues/${name}?disable_stats=true&enable_queue_totals=true`)
  ).json();
  return (all as { messages: number }[]).some(({ messages }) => messages > 0);
};

const gone = (name: HostName): KillCase => ({
  doom: { kind: 'queue.consumers-gone', target: name, with: { queue: 'erp' } },
  present: async (run) => (await plantOf(name).permissionOf('guest')).includes(runName(run)),
});
const away = (name: HostName): KillCase => ({
  doom: { kind: 'queue.unavailable', target: name, with: {} },
  present: async () =>
    ((await (await bench.api('GET', `vhost-limits/${name}`)).json()) as object[]).length > 0,
});
const hangs = (name: HostName): KillCase => ({
  doom: { kind: 'queue.consumer-hangs', target: name, with: { queue: 'erp' } },
  present: async () => (await plantOf(name).consumers('erp')) > 1,
});
const flood = (name: HostName): KillCase => ({
  doom: { kind: 'queue.flood', target: name, with: { queue: 'erp', body: '{}', rate: 500 } },
  present: waiting(name),
});
const poison = (name: HostName): KillCase => ({
  doom: { kind: 'queue.poison', target: name, with: { queue: 'erp' } },
  present: waiting(name),
});

describe('A runner that is killed by SIGKILL', () => {
  test.concurrent.each([gone('gone'), away('away'), flood('flood'), poison('poison'), hangs('hangs')])(
    'leaves no $doom.kind within 5 s, whenever it dies',
    async (kind) => {
      await range.killAll(kind);
    },
    killRounds * 60_000,
  );
});

describe('A runner whose watchdog is dead too', () => {
  test.concurrent.each([
    { kind: gone('gone-too'), how: 'SIGKILL' },
    { kind: away('away-too'), how: 'SIGSTOP' },
    { kind: flood('flood-too'), how: 'SIGSTOP' },
    { kind: poison('poison-too'), how: 'SIGKILL' },
    { kind: hangs('hangs-too'), how: 'SIGSTOP' },
  ] as const)(
    'leaves no $kind.doom.kind after a $how: its leash takes it back, and the clean-up closes the log',
    ({ kind, how }) => range.killWatchdogToo(kind, how),
  );
});
