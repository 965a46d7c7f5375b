import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runChecker } from '../../kit/checker.ts';
import { waitFor } from '../../kit/wait.ts';
import { canary } from '../collectors/canary.ts';
import { rabbitmq } from '../collectors/rabbitmq.ts';
import { collectOnce, TestCollectors } from '../testing/collect.ts';
import { type HalfOpenLink, startHalfOpenLink } from '../testing/half-open-link.ts';
import { startRun } from '../testing/scrape-run.ts';
import { ManagementReader } from './rabbitmq-management.ts';
import { publishedAt, startUsedRabbit, take, type UsedRabbit } from './testing/used-rabbit.ts';

let used: UsedRabbit;
beforeAll(async () => {
  used = await startUsedRabbit();
}, 120_000);
afterAll(() => used[Symbol.asyncDispose]());

const target = () => ({
  kind: 'rabbitmq',
  url: used.broker.url,
  management: used.asAndon(used.broker.management),
});
const queueCollectors = (more: object = {}) =>
  new TestCollectors(rabbitmq, { targets: { bus: { ...target(), ...more } } });
const of = (queue: string) => `{target="bus",vhost="/",queue="${queue}"}`;

/** What a scrape finds of one queue, by metric. */
function figuresOf(queue: string, found: ReadonlyMap<string, number>): Record<string, number> {
  const own = [...found].filter(([series]) => series.endsWith(of(queue)));
  return Object.fromEntries(own.map(([series, value]) => [series.slice(0, series.indexOf('{')), value]));
}

const labels = '{target="bus",vhost="/",queue="andon.canary"}';
const pendingSince = `mes_queue_canary_oldest_pending_timestamp_seconds${labels}`;
const roundtrips = `mes_queue_canary_roundtrip_seconds_count${labels}`;

const canaryCollectors = (settings: object = {}, link?: HalfOpenLink) => {
  const { url: direct } = used.broker;
  const url = link === undefined ? direct : direct.replace(/:\d+$/, `:${link.port}`);
  return new TestCollectors(canary, {
    targets: { bus: { ...target(), url } },
    exporter: { canary: { bus: { interval: '50ms', ...settings } } },
  });
};
const untilReturned = (collectors: TestCollectors, times: number) =>
  waitFor(
    async () => {
      const once = await collectOnce(collectors.get());
      return (once.found.get(roundtrips) ?? 0) >= times && once;
    },
    { what: `${times} probes that came back`, timeoutMs: 30_000 },
  );

/** The moment since which one and the same probe has been under way for ten scrapes. */
async function untilSame(collectors: TestCollectors): Promise<number> {
  let last: number | undefined;
  let times = 0;
  await waitFor(
    async () => {
      const since = (await collectOnce(collectors.get())).found.get(pendingSince);
      times = since !== undefined && since === last ? times + 1 : 0;
      last = since;
      return times >= 10;
    },
    { what: 'a probe that does not come back', timeoutMs: 30_000 },
  );
  return last ?? 0;
}

describe('A canary', () => {
  it('goes round and round, in a queue that no scrape shows and that goes with it.', async () => {
    {
      using collectors = new TestCollectors(canary, {
        targets: { bus: { ...target(), url: used.asAndon(used.broker.url) } },
        exporter: { canary: { bus: { interval: '50ms' } } },
      });
      const { failure, text } = await untilReturned(collectors, 3);
      expect(failure).toBeUndefined();
      expect(await runChecker('promtool', ['check', 'metrics'], text)).toEqual({ ok: true, output: '' });
      expect(await used.canaryQueues()).toHaveLength(1);
      using byPrometheus = queueCollectors({ prometheus: used.broker.prometheus });
      using byManagement = queueCollectors();
      for (const one of [byPrometheus, byManagement])
        expect((await collectOnce(one.get())).text).not.toContain('andon.canary');
    }
    await waitFor(async () => (await used.canaryQueues()).length === 0, {
      what: 'no queue left',
      timeoutMs: 20_000,
    });
  });

  it('takes a way of the plant, through a quorum queue that expires.', async () => {
    using collectors = canaryCollectors({
      exchange: 'graveyard',
      routing_key: 'canary',
      queue_type: 'quorum',
    });
    await untilReturned(collectors, 2);
    expect((await used.canaryQueues()).map((queue) => queue.arguments)).toEqual([
      { 'x-expires': 60_000, 'x-queue-type': 'quorum' },
    ]);
  });

  it('has one queue, however many probes were given up before the broker let it in.', async () => {
    await using link = await startHalfOpenLink(Number(new URL(used.broker.url).port));
    link.cut();
    using collectors = canaryCollectors({}, link);
    const isTried = async () => (await collectOnce(collectors.get())).failure !== undefined;
    await waitFor(isTried, { what: 'a probe that was given up', timeoutMs: 20_000 });
    link.forget();
    link.heal();
    await untilReturned(collectors, 2);
    const classic = (await used.canaryQueues()).filter((queue) => !('x-queue-type' in queue.arguments));
    expect(classic).toHaveLength(1);
  });

  it('says what stands in its way.', async () => {
    // With so long an interval it says the reason before it says that there was no answer in time.
    using collectors = canaryCollectors({ exchange: 'no-such-exchange', interval: '5s' });
    const { found, failure } = await waitFor(
      async () => {
        const once = await collectOnce(collectors.get());
        return once.failure !== undefined && once;
      },
      { what: 'the reason', timeoutMs: 20_000 },
    );
    expect(failure).toContain("no exchange 'no-such-exchange' in vhost '/'");
    expect(found.get(roundtrips)).toBe(0);
    expect(found.has(pendingSince)).toBe(true);
  });

  it('shows since when a probe is under way on a dead link, and goes on with the next connection.', async () => {
    await using link = await startHalfOpenLink(Number(new URL(used.broker.url).port));
    using collectors = canaryCollectors({}, link);
    await untilReturned(collectors, 1);
    link.cut();
    const before = await collectOnce(collectors.get());
    const stuck = await untilSame(collectors);
    expect(stuck).toBeGreaterThan(0);
    link.forget();
    link.heal();
    await untilReturned(collectors, (before.found.get(roundtrips) ?? 0) + 3);
  });
});

describe('The queues of a real RabbitMQ', () => {
  const depths = { mes_queue_messages_ready: 2, mes_queue_messages_unacked: 1, mes_queue_consumers: 1 };
  const counted = { mes_queue_messages_acked_total: 2, mes_queue_messages_redelivered_total: 1 };
  const head = { mes_queue_oldest_message_timestamp_seconds: publishedAt };

  it('are told by its management API; a quorum queue does not say how old its oldest message is.', async () => {
    using collectors = queueCollectors();
    const collector = collectors.get();
    const { found, text, failure } = await waitFor(
      async () => {
        const once = await collectOnce(collector);
        const isThere = (queue: string) =>
          figuresOf(queue, once.found).mes_queue_messages_acked_total === 2 &&
          figuresOf(queue, once.found).mes_queue_messages_ready === 2;
        return isThere('classic') && isThere('quorum') && once;
      },
      { what: 'the statistics', timeoutMs: 30_000, everyMs: 200 },
    );
    expect(failure).toBeUndefined();
    expect(found.get('mes_queue_up{target="bus"}')).toBe(1);
    expect(figuresOf('classic', found)).toEqual({ ...depths, ...counted, ...head });
    expect(figuresOf('quorum', found)).toEqual({ ...depths, ...counted });
    expect(figuresOf('of-one-client', found)).toEqual({});
    expect(await runChecker('promtool', ['check', 'metrics'], text)).toEqual({ ok: true, output: '' });
  });

  it('are told by its Prometheus endpoint, as far as version 3.10 counts there.', async () => {
    using collectors = queueCollectors({
      prometheus: used.broker.prometheus,
      management: 'http://127.0.0.1:9',
    });
    const { found, failure } = await collectOnce(collectors.get());
    expect(failure).toBeUndefined();
    expect(figuresOf('classic', found)).toEqual({ ...depths, ...head });
    expect(figuresOf('quorum', found)).toEqual(depths);
    expect(found.get('mes_queue_messages_dead_lettered_total{target="bus",vhost="",queue=""}')).toBe(0);
  });

  it('notice when the last consumer has gone.', async () => {
    using collectors = queueCollectors();
    const classic = async () => figuresOf('classic', (await collectOnce(collectors.get())).found);
    await used.channel.basicCancel('classic');
    await waitFor(async () => (await classic()).mes_queue_consumers === 0, {
      what: 'no consumer',
      timeoutMs: 20_000,
    });
    // Cancelled, it still holds the message it was given.
    expect(await classic()).toMatchObject({ ...depths, mes_queue_consumers: 0 });
  });

  it('count what is dead-lettered: for each dead-letter queue, and by Prometheus for the whole node.', async () => {
    let now = Date.now();
    const reader = new ManagementReader(used.broker.management, fetch, {
      now: () => now,
      sleep: async () => {},
    });
    const counts = async () => {
      const { deadLettered, failure } = await reader.read(startRun());
      expect(failure).toBeUndefined();
      now += 6000;
      return Object.fromEntries(deadLettered.map(({ queue, total }) => [queue, total]));
    };
    await counts();
    for (const queue of ['classic', 'quorum']) await take(used.channel, queue, 'reject');
    await waitFor(async () => (await counts()).dead === 2, {
      what: 'two dead letters',
      timeoutMs: 30_000,
      everyMs: 200,
    });
    // What also gets ordinary messages is left out: one cannot be told from the other.
    expect(await counts()).toEqual({ dead: 2 });
    using collectors = queueCollectors({ prometheus: used.broker.prometheus });
    const { found } = await collectOnce(collectors.get());
    expect(found.get('mes_queue_messages_dead_lettered_total{target="bus",vhost="",queue=""}')).toBe(2);
  });
});

describe('A broker that was killed', () => {
  it('is told by the canary that does not come back, and by the queue collector.', async () => {
    using collectors = canaryCollectors();
    await untilReturned(collectors, 1);
    await used.broker.kill();
    expect(await untilSame(collectors)).toBeGreaterThan(0);
    expect((await collectOnce(collectors.get())).failure).toMatch(
      /ECONNRESET|ECONNREFUSED|closed unexpectedly/,
    );
    using queues = queueCollectors();
    expect([...(await collectOnce(queues.get())).found]).toEqual([['mes_queue_up{target="bus"}', 0]]);
  });
});
