import { describe, expect, it } from 'vitest';
import { shiftsSection, type WeeklyTime } from '../alerts/shifts.ts';
import { type DrillCalendar, nextOpening, whyClosed } from './calendar.ts';

const hourMs = 3_600_000;
const saturday: WeeklyTime = { days: ['saturday'], from: '10:00', to: '14:00' };
const calendar = (wish: Partial<DrillCalendar> = {}, shifts: object = {}): DrillCalendar => ({
  shifts: shiftsSection.parse({ timezone: 'Asia/Shanghai', ...shifts }),
  windows: [saturday],
  windowsInShift: false,
  ...wish,
});
/** A time of Shanghai, which knows no summer time. */
const at = (text: string): number => Date.parse(`${text}:00+08:00`);

describe('The windows for drills of production', () => {
  it('are open in their time, in the time zone of the plant, and closed before and after.', () => {
    expect(whyClosed(calendar(), at('2026-12-05T10:00'), hourMs)).toBeUndefined();
    expect(whyClosed(calendar(), at('2026-12-05T12:59'), hourMs)).toBeUndefined();
    expect(whyClosed(calendar(), at('2026-12-05T09:59'), hourMs)).toBe(
      'no drill window is open at 09:59 on a Saturday (Asia/Shanghai)',
    );
    expect(whyClosed(calendar(), at('2026-12-06T10:30'), hourMs)).toMatch('10:30 on a Sunday');
  });

  it('are closed for what would not end in them.', () => {
    expect(whyClosed(calendar(), at('2026-12-05T13:30'), hourMs)).toBe(
      'the drill window closes in 30m, and this may take 1h',
    );
  });

  it('are always closed where none is configured.', () => {
    expect(whyClosed(calendar({ windows: [] }), at('2026-12-05T10:00'), 0)).toMatch('no drill window is');
    expect(nextOpening(calendar({ windows: [] }), at('2026-12-05T10:00'), 0)).toBeUndefined();
  });

  it('that end after midnight go on in the morning.', () => {
    const night = calendar({ windows: [{ days: ['saturday'], from: '22:00', to: '04:00' }] });
    expect(whyClosed(night, at('2026-12-06T02:00'), hourMs)).toBeUndefined();
    expect(whyClosed(night, at('2026-12-05T02:00'), hourMs)).toMatch('no drill window is open');
  });

  const works = { weekly: [{ days: ['saturday'], from: '06:00', to: '12:00' }] };

  it('give way to a shift, except on holidays or where andon.yaml allows it.', () => {
    expect(whyClosed(calendar({}, works), at('2026-12-05T10:30'), 0)).toMatch('a shift works at 10:30');
    expect(whyClosed(calendar({ windowsInShift: true }, works), at('2026-12-05T10:30'), 0)).toBeUndefined();
    const holiday = { ...works, holidays: [{ from: '2026-12-05' }] };
    expect(whyClosed(calendar({}, holiday), at('2026-12-05T10:30'), 0)).toBeUndefined();
  });

  it('are judged to the very end of what is needed.', () => {
    expect(whyClosed(calendar(), at('2026-12-05T13:58') + 15_000, 110_000)).toMatch('closes in');
    expect(whyClosed(calendar(), at('2026-12-05T13:58'), 110_000)).toBeUndefined();
  });

  it('know a night shift by the day on which it began, also where the next is a holiday.', () => {
    const nights = { weekly: [{ days: ['friday'], from: '22:00', to: '14:00' }] };
    const before = { ...nights, holidays: [{ from: '2026-12-04' }] };
    const after = { ...nights, holidays: [{ from: '2026-12-05' }] };
    expect(whyClosed(calendar({}, after), at('2026-12-05T11:00'), 0)).toMatch('a shift works');
    expect(whyClosed(calendar({}, before), at('2026-12-05T11:00'), 0)).toBeUndefined();
  });

  it('are found in advance, where a whole drill fits in beside the shifts.', () => {
    expect(nextOpening(calendar(), at('2026-12-05T13:30'), hourMs)).toBe(at('2026-12-12T10:00'));
    expect(nextOpening(calendar(), at('2026-12-05T11:15'), hourMs)).toBe(at('2026-12-05T11:15'));
    expect(nextOpening(calendar({}, works), at('2026-12-05T09:00'), hourMs)).toBe(at('2026-12-05T12:00'));
    expect(nextOpening(calendar(), at('2026-12-05T10:00'), 5 * hourMs)).toBeUndefined();
  });

  it('keep to the wall clock when summer time begins and ends.', () => {
    const berlin = (text: string) =>
      calendar({ windows: [{ days: ['sunday'], from: '01:00', to: '05:00' }] }, { timezone: text });
    // 2027-03-28: clocks jump from 02:00 to 03:00, so the window is three hours long.
    const spring = Date.parse('2027-03-28T00:00:00Z');
    expect(whyClosed(berlin('Europe/Berlin'), spring, 2.9 * hourMs)).toBeUndefined();
    expect(whyClosed(berlin('Europe/Berlin'), spring, 3.5 * hourMs)).toMatch('closes in 3h');
    // 2027-10-31: the hour from 02:00 comes twice, so it is five hours long.
    const autumn = Date.parse('2027-10-30T23:00:00Z');
    expect(whyClosed(berlin('Europe/Berlin'), autumn, 4.9 * hourMs)).toBeUndefined();
  });
});
