import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { metrics } from '../../exporters/catalogue.ts';
import { runChecker } from '../../kit/checker.ts';
import { alertsSection } from '../config.ts';
import { detectionBoundMs } from '../detection-bound.ts';
import { renderRules } from '../prometheus-rules.ts';
import { recordingRules } from '../recording-rules.ts';
import type { AlertRule } from '../rule.ts';
import { type RuleCase, renderCase } from '../testing/rule-case.ts';
import { allCases } from './cases.ts';
import { ruleByName, rulesOf } from './catalogue.ts';

const config = alertsSection.parse({});
const allRules = rulesOf(config);
const idOf = ({ name, tier }: AlertRule) => `${name} (${tier})`;
const casesOf = ({ name, tier }: AlertRule) =>
  allCases.filter((testCase) => testCase.alert === name && testCase.tier === tier);

async function unitTest(rule: AlertRule, cases: readonly RuleCase[], editRules = (yaml: string) => yaml) {
  const dir = await mkdtemp(path.join(tmpdir(), 'andon-rules-'));
  try {
    await writeFile(path.join(dir, 'rules.yml'), editRules(renderRules([rule], config)));
    const files = cases.map((_, index) => path.join(dir, `case-${index}.yml`));
    await Promise.all(
      cases.map((testCase, index) => writeFile(files[index] ?? '', renderCase('rules.yml', rule, testCase))),
    );
    return await runChecker('promtool', ['test', 'rules', ...files]);
  } finally {
    await rm(dir, { recursive: true });
  }
}

describe('every alert', { timeout: 60_000 }, () => {
  it.each(allRules.map((rule) => [idOf(rule), rule] as const))(
    '%s fires, stays silent, survives a failed scrape, and is tested without series',
    async (_, rule) => {
      expect(casesOf(rule), 'an alert without a unit test').not.toEqual([]);
      const { ok, output } = await unitTest(rule, casesOf(rule));
      expect(ok, output).toBe(true);
    },
  );

  it('is refused by its unit test when its threshold is moved', async () => {
    const rule = allRules.find(({ name }) => name === 'MesDatabaseBlocked') as AlertRule;
    for (const moved of ['>= 4', '>= 2']) {
      const { ok } = await unitTest(rule, casesOf(rule), (yaml) =>
        yaml.replace('sessions >= 3', `sessions ${moved}`),
      );
      expect(ok, moved).toBe(false);
    }
  });

  it('is refused by its unit test when one failed scrape ends it', async () => {
    const rule = allRules.find(({ name }) => name === 'MesDown') as AlertRule;
    const { ok } = await unitTest(rule, casesOf(rule), (yaml) => yaml.replaceAll('keep_firing_for: 15s', ''));
    expect(ok).toBe(false);
  });

  it('has one rule for each name and tier, and no unit test without a rule', () => {
    expect(new Set(allRules.map(idOf)).size).toBe(allRules.length);
    for (const { alert, tier } of allCases)
      expect(ruleByName(allRules, alert, tier), `${alert} ${tier}`).toBeDefined();
  });

  it('uses only metrics that the exporter publishes', () => {
    const known = new Set(Object.values(metrics).map(({ name }) => name));
    const recorded = new Set(recordingRules.map(({ record }) => record));
    for (const { expr } of [...allRules, ...recordingRules])
      for (const [name] of expr.matchAll(/\bmes[_:][a-z0-9_:]+/g)) {
        expect(known.has(name) || recorded.has(name), name).toBe(true);
      }
  });

  it('has a section in the README, where its runbook_url leads, and a row with its bound', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    for (const rule of allRules) {
      expect(readme).toContain(`\n## ${rule.name}\n`);
      const bound = `${detectionBoundMs(rule, config) / 1000} s`;
      expect(readme).toMatch(new RegExp(`^\\| ${rule.name} +\\| ${rule.tier} +\\|.*\\| ${bound} +\\|$`, 'm'));
    }
  });
});

describe('a tier A alert', () => {
  const promised = 30_000;
  /** A device must miss its probe, a session must have waited. */
  const timed = new Set(['MesDevicesSilent', 'MesDatabaseLockWait']);
  const tierA = allRules.filter(({ tier }) => tier === 'A');

  it('is delivered within 30 s of the fault, except where the condition itself is that time has passed', () => {
    for (const rule of tierA.filter(({ name }) => !timed.has(name)))
      expect(detectionBoundMs(rule, config), rule.name).toBeLessThanOrEqual(promised);
  });

  it('is delivered within 30 s of its condition, always', () => {
    for (const rule of tierA)
      expect(detectionBoundMs(rule, config) - (rule.onset?.ms ?? 0), rule.name).toBeLessThanOrEqual(promised);
  });
});

describe('ruleByName', () => {
  it('takes the most severe tier unless one is asked for', () => {
    expect(ruleByName(allRules, 'MesDatabaseConnectionsHigh')?.tier).toBe('A');
    expect(ruleByName(allRules, 'MesDatabaseConnectionsHigh', 'C')?.tier).toBe('C');
    expect(ruleByName(allRules, 'MesDatabaseBlocked', 'C')).toBeUndefined();
  });
});
