import { afterEach, beforeEach, expect, test } from 'vitest';
import { recordingContact, toldOf } from '../../alerts/notify/testing/recording-contact.ts';
import {
  type RunningNotifier,
  startTestNotifier,
  testToken,
} from '../../alerts/notify/testing/running-notifier.ts';
import { silentLog } from '../../kit/log.ts';
import { freePorts } from '../../kit/ports.ts';
import { waitFor } from '../../kit/wait.ts';
import { RunbookEngine } from '../engine/engine.ts';
import { tellOfRelease } from '../releases/tell-of-release.ts';
import { EngineWorld, notice } from '../testing/engine-world.ts';
import { ShiftedClock } from '../testing/web-world.ts';
import { answerQuestion } from './answer-question.ts';
import { Messenger, type MessengerDeps } from './messenger.ts';

let world: EngineWorld;
let clock: ShiftedClock;
beforeEach(() => {
  clock = new ShiftedClock();
  world = new EngineWorld({ mode: 'approve' }, clock);
});
afterEach(() => world[Symbol.dispose]());

const messenger = (url: string, changes: Partial<MessengerDeps> = {}) =>
  new Messenger({
    ...{ store: world.store, clock, log: silentLog, fetch, redact: (text: string) => text },
    ...{ notify: { url, token: testToken }, public_url: 'https://andon.plant.example/' },
    ...changes,
  });
const told = (phone: ReturnType<typeof recordingContact>, count: number) =>
  waitFor(() => toldOf(phone).length >= count, {
    what: 'what people are told',
    timeoutMs: 30_000,
    everyMs: 20,
  });
const names = (phone: ReturnType<typeof recordingContact>) =>
  phone.messages.flatMap(({ items }) =>
    items.map(({ event, alert }) => `${event} ${alert.labels.alertname}`),
  );

async function withNotifier(
  test: (notifier: RunningNotifier, phone: ReturnType<typeof recordingContact>) => Promise<void>,
) {
  const phone = recordingContact('phone');
  await using notifier = await startTestNotifier({ contacts: [phone] });
  await test(notifier, phone);
}

test('A question is brought to people by the real notifier with its plan and its page, and that it is answered too.', async () => {
  await withNotifier(async (notifier, phone) => {
    await using engine = new RunbookEngine(world.deps);
    await using _messenger = messenger(notifier.url);
    engine.receive([notice()]);
    await told(phone, 1);
    const { alert, tier } = phone.messages[0]?.items[0] ?? {};
    expect(tier).toBe('A');
    expect(alert).toMatchObject({
      labels: {
        alertname: 'RunbookAsksApproval',
        runbook: 'act',
        target: 'mes-db',
        run: '1',
        alert: 'MesDatabaseBlocked',
      },
      annotations: {
        summary: 'act waits for your approval',
        description: expect.stringContaining('1. test.act'),
      },
      generatorUrl: 'https://andon.plant.example/run/1',
    });
    const planHash = world.runs[0]?.planHash ?? '';
    const person = { name: 'wang', roles: ['leader' as const] };
    const { store, audit } = world;
    answerQuestion(
      { runId: 1, position: 0, planHash, decision: 'approved', person },
      { store, audit, clock, log: silentLog },
    );
    await told(phone, 2);
    expect(names(phone)).toEqual(['firing RunbookAsksApproval', 'resolved RunbookAsksApproval']);
  });
});

test('A question that nobody answers is told to be over, and so is a run that did nothing when its alert resolves.', async () => {
  world.runbooks = [
    world.runbook({ mode: 'approve', approval: { expires: '1m' } }),
    world.runbook({ id: 'suggests', mode: 'suggest' }),
  ];
  await withNotifier(async (notifier, phone) => {
    await using engine = new RunbookEngine(world.deps);
    await using _messenger = messenger(notifier.url);
    engine.receive([notice()]);
    await told(phone, 2);
    clock.shiftMs = 61_000;
    await told(phone, 3);
    engine.receive([notice({ status: 'resolved' }), notice({ status: 'resolved' })]);
    await told(phone, 4);
    expect(names(phone).toSorted()).toEqual([
      'firing RunbookAsksApproval',
      'firing RunbookNeedsPerson',
      'resolved RunbookAsksApproval',
      'resolved RunbookNeedsPerson',
    ]);
  });
});

test('A run that has touched something is for a person to look at also when its alert has resolved.', async () => {
  world.runbooks = [world.runbook()];
  world.step.act = async () => ({ outcome: 'failed', summary: 'half done', touched: 1, details: {} });
  await using engine = new RunbookEngine(world.deps);
  engine.receive([notice()]);
  await world.settled();
  engine.receive([notice({ status: 'resolved' })]);
  expect(world.store.messages.due(clock.now()).map(({ key }) => key.replace(/^\w+-/, ''))).toEqual([
    '1-ended',
  ]);
});

test('Nothing is lost while the notifier is down and over a restart of the service; what is sent twice is told once.', async () => {
  const address = { host: '127.0.0.1', port: (await freePorts(1))[0] ?? 0 };
  const url = `http://127.0.0.1:${address.port}`;
  world.runbooks = [world.runbook({ mode: 'suggest' })];
  {
    await using engine = new RunbookEngine(world.deps);
    engine.receive([notice()]);
    await using _messenger = messenger(url);
    await waitFor(() => world.store.messages.due(clock.now() + 600_000)[0]?.attempts === 1, {
      ...{ what: 'an attempt that fails', timeoutMs: 20_000, everyMs: 20 },
    });
  }
  const phone = recordingContact('phone');
  await using _notifier = await startTestNotifier({ contacts: [phone], listen: address });
  // The first answer is lost on its way back: the service cannot know that it was taken.
  let losing = true;
  const losingFetch: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    if (!losing) return response;
    losing = false;
    throw new TypeError('the connection was reset');
  };
  await using _messenger = messenger(url, { fetch: losingFetch });
  await waitFor(() => world.store.messages.nextAt() === undefined, {
    ...{ what: 'the last message', timeoutMs: 60_000, everyMs: 20 },
  });
  await told(phone, 1);
  expect(losing).toBe(false);
  expect(toldOf(phone)).toHaveLength(1);
});

test('A wrong token loses nothing: it is tried again, less and less often.', async () => {
  await withNotifier(async (notifier, phone) => {
    world.runbooks = [world.runbook({ mode: 'suggest' })];
    await using engine = new RunbookEngine(world.deps);
    engine.receive([notice()]);
    const waits: number[] = [];
    {
      await using _messenger = messenger(notifier.url, { notify: { url: notifier.url, token: 'wrong' } });
      for (let attempts = 1; attempts <= 12; attempts++) {
        const found = await waitFor(
          () => world.store.messages.due(Number.MAX_SAFE_INTEGER).find((one) => one.attempts === attempts),
          { what: `attempt ${attempts}`, timeoutMs: 20_000, everyMs: 10 },
        );
        expect(found.key).toContain('ended');
        const wait = (world.store.messages.nextAt() ?? 0) - clock.now();
        waits.push(Math.round(wait / 1000));
        clock.shiftMs += wait;
      }
    }
    expect(waits.map((wait, index) => wait <= Math.min(300, 2 ** index))).not.toContain(false);
    expect(waits.at(-1)).toBeGreaterThan(280);
    expect(toldOf(phone)).toEqual([]);
    clock.shiftMs += 300_000;
    await using _messenger = messenger(notifier.url);
    await told(phone, 1);
  });
}, 60_000);

test('Without a notifier what people must decide goes to the log, once.', async () => {
  const lines: unknown[] = [];
  const log = {
    ...silentLog,
    warn: (...line: unknown[]) => void lines.push(line),
  } as unknown as typeof silentLog;
  world.runbooks = [world.runbook({ mode: 'suggest' })];
  await using engine = new RunbookEngine(world.deps);
  engine.receive([notice()]);
  await using _messenger = messenger('', { notify: undefined, log });
  await waitFor(() => world.store.messages.nextAt() === undefined, {
    ...{ what: 'the last message', timeoutMs: 20_000, everyMs: 20 },
  });
  expect(JSON.stringify(lines)).toContain('RunbookNeedsPerson');
});

test('People are told once of a release that was taken back, and not of what goes well.', async () => {
  await withNotifier(async (notifier, phone) => {
    await using _messenger = messenger(notifier.url);
    const data = { release: 3, target: 'mes-release', version: '2.1', reason: 'it fails 40 of 60 requests' };
    for (const event of ['release.canary', 'release.rolled_back', 'release.rolled_back'])
      tellOfRelease(world.store, event, data, clock.now());
    await told(phone, 1);
    const items = phone.messages.flatMap(({ items: some }) => some);
    expect(items).toHaveLength(1);
    expect(items[0]?.alert).toMatchObject({
      labels: { alertname: 'ReleaseNeedsPerson', tier: 'B', version: '2.1' },
      annotations: {
        summary: 'Release 2.1 was taken back from mes-release',
        description: expect.stringContaining('it fails 40 of 60 requests'),
      },
    });
  });
});
