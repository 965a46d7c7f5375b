import { describe, expect, it } from 'vitest';
import type { EventOf } from './journal.ts';
import type { ActiveAlert } from './prometheus-api.ts';
import { Stopwatch } from './stopwatch.ts';

const labels = { alertname: 'MesDatabaseBlocked', tier: 'A', target: 'mes-db' };
const active = (state: ActiveAlert['state'], activeAt: number): ActiveAlert => ({ labels, state, activeAt });

function watch(before: ActiveAlert[] = []) {
  const events: EventOf<'alert'>[] = [];
  return { events, stopwatch: new Stopwatch(before, 1000, (event) => events.push(event)) };
}

describe('The stopwatch', () => {
  it('takes the first time of every step of an alert.', () => {
    const { stopwatch, events } = watch();
    stopwatch.observe([active('pending', 5000)], 5200);
    stopwatch.observe([active('firing', 5000)], 15_400);
    stopwatch.deliver({
      alert: 'MesDatabaseBlocked',
      tier: 'A',
      status: 'firing',
      startsAt: 15_000,
      receivedAt: 16_100,
    });
    stopwatch.deliver({
      alert: 'MesDatabaseBlocked',
      tier: 'A',
      status: 'firing',
      startsAt: 15_000,
      receivedAt: 19_000,
    });
    stopwatch.observe([], 30_000);
    expect(stopwatch.of('MesDatabaseBlocked', 'A')).toMatchObject({
      pendingAt: 5000,
      firingAt: 15_400,
      deliveredAt: 16_100,
      resolvedAt: 30_000,
    });
    expect(events.map(({ transition }) => transition)).toEqual([
      'pending',
      'firing',
      'delivered',
      'resolved',
    ]);
  });

  it('does not count an alert that was active before the start.', () => {
    const { stopwatch } = watch([active('firing', 10)]);
    stopwatch.observe([active('firing', 10)], 2000);
    expect(stopwatch.all()).toEqual([]);
  });

  it('does not count a late delivery of an alert that fired before the start.', () => {
    const { stopwatch } = watch();
    stopwatch.deliver({ alert: 'MesDown', tier: 'A', status: 'firing', startsAt: 10, receivedAt: 2000 });
    expect(stopwatch.all()).toEqual([]);
  });

  it('never calls an alert resolved that has not fired.', () => {
    const { stopwatch } = watch();
    stopwatch.observe([active('pending', 5000)], 5200);
    stopwatch.observe([], 9000);
    expect(stopwatch.of('MesDatabaseBlocked', 'A')?.resolvedAt).toBeUndefined();
  });
});
