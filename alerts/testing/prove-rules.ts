import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runChecker } from '../../kit/checker.ts';
import type { AlertsConfig } from '../config.ts';
import { renderRules } from '../prometheus-rules.ts';
import { recordingRulesOf } from '../recording-rules.ts';
import type { AlertRule, RecordingRule } from '../rule.ts';
import { firingQuery, renderCase, renderWithoutSeries } from './case-file.ts';
import type { RuleCase } from './rule-case.ts';

/** One promtool for each processor of a small computer: starting it costs more than most cases. */
const processes = 2;

export interface Proof {
  /** What promtool has against an alert; nothing when its cases hold. */
  findingsOf(rule: AlertRule): readonly string[];
}

interface ProofOptions {
  rules: readonly AlertRule[];
  cases: readonly RuleCase[];
  config: AlertsConfig;
  /** Changes each rule file before promtool reads it. */
  edit?: (yaml: string) => string;
}

/** Has promtool carry out every case, and once all rules without any series. */
export async function proveRules({
  rules,
  cases,
  config,
  edit = (yaml) => yaml,
}: ProofOptions): Promise<Proof> {
  const dir = await mkdtemp(path.join(tmpdir(), 'andon-rules-'));
  try {
    const files = await Promise.all(
      cases.map(async (testCase, index) => {
        const rule = rules.find(({ name, tier }) => name === testCase.alert && tier === testCase.tier);
        if (rule === undefined) throw new Error(`no rule ${testCase.alert} (${testCase.tier})`);
        const recorded = neededBy(rule, recordingRulesOf(config), testCase.given);
        await writeFile(path.join(dir, `${index}.rules.yml`), edit(renderRules([rule], config, recorded)));
        const file = path.join(dir, `${index}.yml`);
        await writeFile(file, renderCase(`${index}.rules.yml`, rule, testCase, index));
        return file;
      }),
    );
    files.push(await withoutSeries(dir, { rules, cases, config, edit }));
    const shares = Array.from({ length: processes }, (_, share) =>
      files.filter((_file, index) => index % processes === share),
    );
    const results = await Promise.all(
      shares
        .filter((share) => share.length > 0)
        .map((share) => runChecker('promtool', ['test', 'rules', ...share])),
    );
    return { findingsOf: (rule) => results.flatMap((result) => findingsIn(result, rule, rules)) };
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function withoutSeries(
  dir: string,
  { rules, cases, config, edit }: Required<ProofOptions>,
): Promise<string> {
  await writeFile(path.join(dir, 'all.rules.yml'), edit(renderRules(rules, config)));
  const expected = rules.map((rule) => {
    const own = cases.find(({ alert, tier }) => alert === rule.name && tier === rule.tier);
    const labels = own?.whenMissing === 'fires' ? (own.missingLabels ?? own.labels) : undefined;
    return { rule, labels };
  });
  const file = path.join(dir, 'all.yml');
  await writeFile(file, renderWithoutSeries('all.rules.yml', expected));
  return file;
}

/** The recorded series that an alert is made of, and those that these are made of, in their order. */
function neededBy(
  { expr }: AlertRule,
  recorded: readonly RecordingRule[],
  given: readonly string[] = [],
): RecordingRule[] {
  const needed = new Set<RecordingRule>();
  const add = (text: string): void => {
    for (const one of recorded) {
      if (needed.has(one) || given.includes(one.record) || !text.includes(one.record)) continue;
      needed.add(one);
      add(one.expr);
    }
  };
  add(expr);
  return recorded.filter((one) => needed.has(one));
}

/** What concerns this alert; all of it where promtool did not get as far as to ask for any alert. */
function findingsIn(
  { ok, output }: { ok: boolean; output: string },
  rule: AlertRule,
  rules: readonly AlertRule[],
): string[] {
  if (ok) return [];
  const findings = output.split(/\n(?=\s+expr: )/);
  const about = (one: AlertRule) => {
    const quoted = JSON.stringify(firingQuery(one)).slice(1, -1);
    return findings.filter((text) => text.includes(quoted));
  };
  return rules.some((one) => about(one).length > 0) ? about(rule) : [output];
}
