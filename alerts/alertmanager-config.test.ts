import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderAlertmanagerConfig } from './alertmanager-config.ts';
import { alertsSection } from './config.ts';

const phone = { name: 'phone', url: 'http://127.0.0.1:2/', tiers: ['A'] as const };
const receivers = [{ name: 'runbooks', url: 'http://127.0.0.1:1/' }, phone];

const routesOf = (section: object) =>
  parse(renderAlertmanagerConfig({ timing: alertsSection.parse(section), receivers })).route.routes;

const waits = { group_wait: '1s', group_interval: '1s', repeat_interval: '4h' };

describe('the routes', () => {
  it('tell a receiver of its tiers only', () => {
    expect(routesOf({})).toEqual([
      { receiver: 'runbooks', continue: true },
      { receiver: 'phone', continue: true, matchers: ['tier="A"'], ...waits },
    ]);
  });

  it('let one tier wait longer, and never an A with it', () => {
    const routes = routesOf({ tiers: { C: { group_wait: '5m', repeat_interval: '24h' } } });
    expect(routes).toEqual([
      { receiver: 'runbooks', continue: true, matchers: ['tier="A"'], ...waits },
      { receiver: 'runbooks', continue: true, matchers: ['tier="B"'], ...waits },
      {
        receiver: 'runbooks',
        continue: true,
        matchers: ['tier="C"'],
        group_wait: '5m',
        group_interval: '1s',
        repeat_interval: '1d',
      },
      { receiver: 'phone', continue: true, matchers: ['tier="A"'], ...waits },
    ]);
  });

  it('bring a receiver with a heartbeat the Watchdog often, before all else and whatever its tiers are', () => {
    const timing = alertsSection.parse({ group_interval: '1m' });
    const config = renderAlertmanagerConfig({ timing, receivers: [{ ...phone, heartbeat: 30_000 }] });
    expect(parse(config).route.routes).toMatchObject([
      {
        receiver: 'phone',
        matchers: ['alertname="Watchdog"'],
        group_wait: '0s',
        group_interval: '30s',
        repeat_interval: '30s',
        continue: true,
      },
      { receiver: 'phone', matchers: ['tier="A"'], repeat_interval: '4h' },
    ]);
  });

  it('hold back off shift what only counts in shift, and nothing else', () => {
    const shifts = {
      weekly: [{ days: ['monday'], from: '08:00', to: '20:00' }],
      holidays: [{ from: '2026-10-01' }],
    };
    const [always, inShift] = routesOf({ shifts });
    expect(always).toEqual({ receiver: 'runbooks', continue: true, matchers: ['only_in_shift!="true"'] });
    expect(inShift).toEqual({
      receiver: 'runbooks',
      continue: true,
      matchers: ['only_in_shift="true"'],
      active_time_intervals: ['shift'],
      mute_time_intervals: ['holidays'],
    });
  });
});
