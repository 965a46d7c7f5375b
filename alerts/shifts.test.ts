import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runChecker } from '../kit/checker.ts';
import { waitFor } from '../kit/wait.ts';
import { renderAlertmanagerConfig } from './alertmanager-config.ts';
import { alertsSection } from './config.ts';
import { shiftsSection, timeIntervals } from './shifts.ts';
import { startTestAlertmanager } from './testing/alertmanager.ts';

const intervals = (section: object) => timeIntervals(shiftsSection.parse(section));
const everyDay = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'];
const utc = { location: 'UTC' };

describe('the shifts', () => {
  it('are none where nothing is said: the plant works always', () => {
    expect(intervals({})).toEqual([]);
  });

  it('that end after midnight go on in the morning of the next day', () => {
    expect(intervals({ weekly: [{ days: ['saturday', 'sunday'], from: '22:00', to: '06:00' }] })).toEqual([
      {
        name: 'shift',
        time_intervals: [
          { weekdays: ['saturday', 'sunday'], times: [{ start_time: '22:00', end_time: '24:00' }], ...utc },
          { weekdays: ['sunday', 'monday'], times: [{ start_time: '00:00', end_time: '06:00' }], ...utc },
        ],
      },
    ]);
    const untilMidnight = intervals({ weekly: [{ days: ['monday'], from: '14:00', to: '00:00' }] });
    expect(untilMidnight[0]?.time_intervals).toHaveLength(1);
  });

  it('know holidays over the end of a month and of a year', () => {
    expect(intervals({ holidays: [{ from: '2026-12-30', to: '2027-02-02' }] })[0]?.time_intervals).toEqual([
      { years: ['2026'], months: ['12'], days_of_month: ['30:31'], ...utc },
      { years: ['2027'], months: ['1'], days_of_month: ['1:31'], ...utc },
      { years: ['2027'], months: ['2'], days_of_month: ['1:2'], ...utc },
    ]);
  });

  it('name every mistake', () => {
    const { error } = shiftsSection.safeParse({
      timezone: 'Mars/Olympus',
      weekly: [{ days: ['Montag'], from: '8:00', to: '25:00' }],
      holidays: [{ from: '2026-10-07', to: '2026-10-01' }],
    });
    expect(error?.issues.map(({ path: where }) => where.join('.'))).toEqual([
      'timezone',
      'weekly.0.days.0',
      'weekly.0.from',
      'weekly.0.to',
      'holidays.0.to',
    ]);
  });
});

/** A plant that works on one weekday only. */
const shiftsOn = (days: string[]) => ({
  timezone: 'Asia/Shanghai',
  weekly: [{ days, from: '00:00', to: '24:00' }],
  holidays: [{ from: '2020-01-01', to: '2020-02-03' }],
});
const configOf = (shifts: object) => (url: string) =>
  renderAlertmanagerConfig({
    timing: alertsSection.parse({ shifts, group_wait: '100ms' }),
    receivers: [{ name: 'test', url }],
  });

describe('Alertmanager', { timeout: 60_000 }, () => {
  const shiftOnly = { alertname: 'LineIdle', tier: 'A', only_in_shift: 'true' };
  const always = { alertname: 'MesDown', tier: 'A' };
  const inShanghai = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'Asia/Shanghai' });
  const dayAfter = (days: number) => inShanghai.format(Date.now() + days * 86_400_000).toLowerCase();

  it('accepts the intervals as they are rendered, and not what they are not', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'andon-shifts-'));
    try {
      const file = path.join(folder, 'alertmanager.yml');
      const text = configOf(shiftsOn(everyDay))('http://127.0.0.1:1/');
      writeFileSync(file, text);
      const { ok, output } = await runChecker('amtool', ['check-config', file]);
      expect(ok, output).toBe(true);
      writeFileSync(file, text.replace('- monday', '- moonday'));
      expect((await runChecker('amtool', ['check-config', file])).ok).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('delivers in shift what only counts in shift, and off shift all the rest', async () => {
    await using inShift = await startTestAlertmanager(configOf(shiftsOn([dayAfter(0), dayAfter(1)])));
    await using offShift = await startTestAlertmanager(configOf(shiftsOn([dayAfter(3)])));
    for (const one of [inShift, offShift]) await one.fire(shiftOnly, always);
    const namesOf = ({ delivered }: typeof inShift) => delivered.map(({ alertname }) => alertname).toSorted();
    await waitFor(() => inShift.delivered.length === 2, { what: 'both alerts', timeoutMs: 20_000 });
    await waitFor(() => offShift.delivered.length > 0, { what: 'an alert', timeoutMs: 20_000 });
    expect(namesOf(inShift)).toEqual(['LineIdle', 'MesDown']);
    expect(namesOf(offShift)).toEqual(['MesDown']);
  });
});
