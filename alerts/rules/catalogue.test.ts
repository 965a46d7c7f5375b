import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { metrics } from '../../exporters/catalogue.ts';
import { alertCodes } from '../codes.ts';
import { alertsSection } from '../config.ts';
import { detectionBoundMs } from '../detection-bound.ts';
import { recordingRulesOf } from '../recording-rules.ts';
import type { AlertRule } from '../rule.ts';
import { withCounterReset } from '../testing/counter-reset.ts';
import { type Proof, proveRules } from '../testing/prove-rules.ts';
import { span } from '../wording.ts';
import { allCases } from './cases.ts';
import { everyRuleOf, ruleByName, rulesOf } from './catalogue.ts';

const config = alertsSection.parse({});
const inShift = alertsSection.parse({
  shifts: { weekly: [{ days: ['monday'], from: '06:00', to: '22:00' }] },
});
const allRules = everyRuleOf(config);
const recorded = recordingRulesOf(inShift);
const idOf = ({ name, tier }: AlertRule) => `${name} (${tier})`;
const casesOf = ({ name, tier }: AlertRule) =>
  allCases.filter((testCase) => testCase.alert === name && testCase.tier === tier);

/** What promtool has against one alert of the default configuration when its rule file is changed. */
async function findingsAfter(name: string, edit: (yaml: string) => string): Promise<readonly string[]> {
  const rule = rulesOf(config).find((one) => one.name === name) as AlertRule;
  const cases = casesOf(rule).filter((testCase) => !testCase.inShift);
  return (await proveRules({ rules: [rule], cases, config, edit })).findingsOf(rule);
}

describe('every alert', { timeout: 120_000 }, () => {
  const proofs: Proof[] = [];
  beforeAll(async () => {
    const [shiftless, shifted] = [
      allCases.filter((one) => !one.inShift),
      allCases.filter((one) => one.inShift),
    ];
    const rules = rulesOf(inShift).filter((rule) =>
      shifted.some((one) => ruleByName([rule], one.alert, one.tier)),
    );
    proofs.push(await proveRules({ rules: rulesOf(config), cases: shiftless, config }));
    proofs.push(await proveRules({ rules, cases: shifted, config: inShift }));
  }, 120_000);

  it.each(allRules.map((rule) => [idOf(rule), rule] as const))(
    '%s fires, stays silent, survives a failed scrape and a restart of counters, and is tested without series',
    (_, rule) => {
      expect(casesOf(rule), 'an alert without a unit test').not.toEqual([]);
      expect(proofs.flatMap((proof) => proof.findingsOf(rule)).join('\n')).toBe('');
    },
  );

  it('is refused by its unit test when its threshold is moved', async () => {
    for (const moved of ['>= 4', '>= 2'])
      expect(
        await findingsAfter('MesDatabaseBlocked', (yaml) =>
          yaml.replace('sessions >= 3', `sessions ${moved}`),
        ),
        moved,
      ).not.toEqual([]);
  });

  it.each([
    ['one failed scrape ends it', 'MesDown', 'keep_firing_for: 15s', ''],
    ['a restart of what is counted ends it', 'MesQueueDeadLettering', 'increase(', 'delta('],
    ['a young series fires it', 'MesDatabaseCrowded', 'and mes_db_blocked_sessions offset 1m', ''],
    ['a long job fires it', 'MesQueueNotDraining', 'unacked offset 5m > 0)', 'unacked offset 5m - 1)'],
    ['it speaks without series', 'MesQueueDown', 'mes_queue_up == 0', 'mes_queue_up == 0 or vector(1)'],
  ])('is refused by its unit test when %s', async (_, name, from, to) => {
    expect(await findingsAfter(name, (yaml) => yaml.replaceAll(from, to))).not.toEqual([]);
  });

  it('has one rule for each name and tier, and no unit test without a rule', () => {
    expect(new Set(allRules.map(idOf)).size).toBe(allRules.length);
    for (const { alert, tier } of allCases)
      expect(ruleByName(allRules, alert, tier), `${alert} ${tier}`).toBeDefined();
  });

  it('is proven with counters that restart where it counts', () => {
    for (const rule of allRules) {
      const used = recorded.filter(({ record }) => rule.expr.includes(record));
      const isGiven = casesOf(rule).some(({ given = [] }) => given.length > 0);
      if (isGiven || ![rule, ...used].some(({ expr }) => /\b(rate|increase)\(/.test(expr))) continue;
      const restarted = casesOf(rule).filter(({ fires }) => withCounterReset(fires, 1) !== undefined);
      expect(restarted, idOf(rule)).not.toEqual([]);
    }
  });

  it('uses only metrics that the exporter publishes', () => {
    const published = Object.values(metrics).flatMap(({ name, type }) =>
      type === 'histogram' ? [`${name}_bucket`, `${name}_count`] : [name],
    );
    const known = new Set([...published, ...recorded.map(({ record }) => record)]);
    for (const { expr } of [...allRules, ...recorded])
      for (const [name] of expr.matchAll(/\bmes[_:][a-z0-9_:]+/g)) expect(known.has(name), name).toBe(true);
  });

  it('says what it means and what to do in plain sentences', () => {
    for (const rule of allRules)
      for (const text of [rule.meaning, rule.action]) {
        expect(text, idOf(rule)).toMatch(/^[A-Z].*[.?]$/);
        expect(text, idOf(rule)).not.toMatch(/[{}]/);
      }
  });

  it('has a row with its bound in the README, and a section where its runbook_url leads', async () => {
    const read = (file: string) => readFile(new URL(file, import.meta.url), 'utf8');
    const [readme, codes] = await Promise.all([read('../README.md'), read('../../docs/alerts/codes.md')]);
    for (const { name, tier, when, boundMs } of alertCodes(config)) {
      expect(readme).toContain(`| ${name} | ${tier} | ${when} | ${span(boundMs)} |\n`);
      expect(codes).toContain(`\n## ${name}\n`);
    }
  });
});

describe('a code', () => {
  it('is of one alert, and tells its tier', () => {
    expect(new Set(allRules.map(({ code }) => code)).size).toBe(allRules.length);
    const digit = { A: '1', B: '2', C: '3' };
    for (const { code, tier } of allRules)
      expect(code).toMatch(new RegExp(`^(MES|SLO|SYN|DB|QUE|DEV|HOST|MON)-${tier}-${digit[tier]}\\d\\d$`));
  });
});

describe('a tier A alert', () => {
  const promised = 30_000;
  /** The condition itself is that something has lasted: a wait, a silence, a share of an hour. */
  const timed = new Set([
    'MesWorkOrdersOverdue',
    'MesLineIdle',
    'MesSuccessBudgetBurning',
    'MesLatencyBudgetBurning',
    'MesDatabaseLockWait',
    'MesDatabaseCrowded',
    'MesDatabaseReplicaBehind',
    'MesQueueNotDraining',
    'MesQueueMessageOld',
    'MesQueueCanaryLate',
    'MesDevicesSilent',
    'MesHostResourceHigh',
    'MesExporterCollectorStale',
  ]);
  const tierA = allRules.filter(({ tier }) => tier === 'A');

  it('is delivered within 30 s of the fault, except where the condition itself is that time has passed', () => {
    for (const rule of tierA.filter(({ name }) => !timed.has(name)))
      expect(detectionBoundMs(rule, config), rule.name).toBeLessThanOrEqual(promised);
  });

  it('is delivered within 30 s of its condition, always', () => {
    for (const rule of tierA)
      expect(detectionBoundMs(rule, config) - (rule.onset?.ms ?? 0), rule.name).toBeLessThanOrEqual(promised);
  });

  it('keeps the bound that drills hold a stopwatch on', () => {
    const bounds = Object.fromEntries(
      tierA.map((rule) => [rule.name, detectionBoundMs(rule, config) / 1000] as const),
    );
    expect(bounds).toMatchObject({
      MesDown: 25,
      MesOperationsFailing: 26,
      MesDatabaseUnreachable: 25,
      MesDatabaseBlocked: 23,
      MesQueueStuck: 21,
      MesDevicesSilent: 46,
      MesExporterDown: 25,
    });
  });
});

describe('ruleByName', () => {
  it('takes the most severe tier unless one is asked for', () => {
    expect(ruleByName(allRules, 'MesDatabaseConnectionsHigh')?.tier).toBe('A');
    expect(ruleByName(allRules, 'MesDatabaseConnectionsHigh', 'C')?.tier).toBe('C');
    expect(ruleByName(allRules, 'MesDatabaseBlocked', 'C')).toBeUndefined();
  });
});
