import { describe, expect, it } from 'vitest';
import { renderDocument } from './document.ts';
import { promiseOf, rulesOfTierA } from './run.ts';
import { excused, scenarios } from './scenarios/catalogue.ts';
import { conflict, runSideBySide } from './schedule.ts';
import { type Finding, gaps, type Measured, whyLate } from './verdict.ts';

const rules = rulesOfTierA();
const [blocked] = rules.filter(({ name }) => name === 'MesDatabaseBlocked');
if (blocked === undefined) throw new Error('there is no MesDatabaseBlocked');
const promise = promiseOf(blocked);

const measured = (times: Partial<Measured['times']>): Measured => ({
  ...promise,
  cause: 'a table is locked',
  before: undefined,
  times: { madeAt: 0, trueAt: 2000, deliveredAt: 20_000, ...times },
});

describe('The catalogue of detection scenarios', () => {
  it('makes every A alert fire, or says why not.', () => {
    expect(gaps(rules, scenarios, excused)).toEqual({ missing: [], unknown: [] });
  });

  it('would be found wanting without the scenario of one, and with one for an alert that is no A.', () => {
    const others = scenarios.filter(({ expects }) => expects.every(({ alert }) => alert !== 'MesDown'));
    const invented = { expects: [{ alert: 'MesOeeDown', labels: {} }] };
    expect(gaps(rules, [...others, invented], excused)).toEqual({
      missing: ['MesDown'],
      unknown: ['MesOeeDown'],
    });
  });

  it('has a name for each that is its own.', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
  });
});

describe('The verdict', () => {
  it('is content with an alert at its bound, and with one that was not fired.', () => {
    const { boundMs } = promise;
    expect(whyLate(measured({ deliveredAt: boundMs }))).toBeUndefined();
    expect(whyLate({ ...promise, notFired: 'no root' })).toBeUndefined();
  });

  it.each([
    ['later than its bound', { deliveredAt: promise.boundMs + 1 }],
    ['more than 30 s after its condition', { trueAt: -15_000, deliveredAt: 20_000 }],
    ['it was not delivered', { deliveredAt: undefined }],
    ['its condition was never seen true', { trueAt: undefined }],
  ])('calls it late: %s.', (why, times) => {
    expect(whyLate(measured(times))).toBe(why);
  });

  it('is not content with a scenario that failed.', () => {
    expect(whyLate({ ...promise, failed: 'no calm plant' })).toBe('its scenario failed: no calm plant');
  });

  it('calls late whose bound alone breaks the promise.', () => {
    expect(whyLate({ ...promise, boundMs: promise.onsetMs + 30_001, notFired: 'no root' })).toMatch(
      /its bound/,
    );
  });

  it('allows what a scenario needs beforehand from the fault, and no more.', () => {
    const before = { ms: 5000, reason: 'a comparison' };
    const late = measured({ deliveredAt: promise.boundMs + 5000, trueAt: promise.boundMs });
    expect(whyLate({ ...late, before })).toBeUndefined();
    expect(whyLate({ ...late, before: { ...before, ms: 4999 } })).toBe('later than its bound');
  });
});

describe('The document', () => {
  const facts = { at: new Date(0), minutes: 20, loadBefore: [0], loadAfter: [1], prometheus: '2.42.0' };

  it('tells what was late and what was not fired, and never calls it passed.', () => {
    const findings: Finding[] = [measured({ deliveredAt: 90_000 }), { ...promise, notFired: 'no java' }];
    const text = renderDocument(findings, facts);
    expect(text).toContain('| 23.0 s | 2.0 s | 88.0 s | 90.0 s | **no**: later than its bound |');
    expect(text).toContain('| – | – | not fired |');
    expect(text).toContain('MesDatabaseBlocked was not fired: no java.');
    expect(text).not.toContain('| yes |');
  });
});

describe('Scenarios side by side', () => {
  const breaksIt = { name: 'breaks the MES', uses: [], breaks: ['mes'] } as const;
  const usesIt = { name: 'uses the MES', uses: ['mes'], breaks: [] } as const;
  const needsNothing = { name: 'needs nothing', uses: [], breaks: [] } as const;

  it('disturb each other when one breaks what the other needs.', () => {
    expect([conflict(breaksIt, usesIt), conflict(usesIt, breaksIt), conflict(breaksIt, breaksIt)]).toEqual([
      true,
      true,
      true,
    ]);
    expect([conflict(usesIt, usesIt), conflict(breaksIt, needsNothing)]).toEqual([false, false]);
  });

  it('run at once where they can, and one after the other where not.', async () => {
    const running = new Set<string>();
    const seen: string[][] = [];
    await runSideBySide([breaksIt, usesIt, needsNothing], async ({ name }) => {
      running.add(name);
      await Promise.resolve();
      seen.push([...running]);
      running.delete(name);
    });
    expect(seen).toContainEqual([breaksIt.name, needsNothing.name]);
    expect(seen.some((names) => names.includes(breaksIt.name) && names.includes(usesIt.name))).toBe(false);
    expect(seen).toHaveLength(3);
  });
});
