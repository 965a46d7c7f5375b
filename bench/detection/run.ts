import { alertsSection } from '../../alerts/config.ts';
import { detectionBoundMs } from '../../alerts/detection-bound.ts';
import type { AlertRule } from '../../alerts/rule.ts';
import { rulesOf } from '../../alerts/rules/catalogue.ts';
import { messageOf } from '../../kit/errors.ts';
import { type Awaited, measure } from './measure.ts';
import type { Place } from './place.ts';
import { CannotBeMade, type Scenario } from './scenario.ts';
import { runSideBySide } from './schedule.ts';
import { type Finding, faultToDeliveredMs, type Measured } from './verdict.ts';

const timing = alertsSection.parse({});

/** Every alert of tier A that ships, with the default thresholds. */
export const rulesOfTierA = (): readonly AlertRule[] => rulesOf(timing).filter(({ tier }) => tier === 'A');

/** The part of a finding that the rule alone decides. */
export const promiseOf = (rule: AlertRule) => ({
  rule,
  boundMs: detectionBoundMs(rule, timing),
  onsetMs: rule.onset?.ms ?? 0,
});

/** Runs the scenarios and tells what came of each; in the order of the rules. */
export async function runScenarios(
  scenarios: readonly Scenario[],
  place: Place,
  tell: (line: string) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  await runSideBySide(scenarios, async (scenario) => {
    tell(`${scenario.name} begins`);
    for (const finding of await findingsOf(scenario, place)) {
      findings.push(finding);
      tell(`${scenario.name}: ${finding.rule.name} ${outcome(finding)}`);
    }
  });
  const order = rulesOfTierA().map(({ name }) => name);
  return findings.toSorted((a, b) => order.indexOf(a.rule.name) - order.indexOf(b.rule.name));
}

const outcome = (finding: Finding): string => {
  if ('notFired' in finding) return `not fired: ${finding.notFired}`;
  if ('failed' in finding) return `failed: ${finding.failed}`;
  const ms = faultToDeliveredMs(finding);
  return ms === undefined ? 'was not delivered' : `delivered ${(ms / 1000).toFixed(1)} s after the fault`;
};

async function findingsOf(scenario: Scenario, place: Place): Promise<Finding[]> {
  const awaited = scenario.expects.flatMap((expected): Awaited[] => {
    const rule = rulesOfTierA().find(({ name }) => name === expected.alert);
    return rule === undefined ? [] : [{ expected, rule, boundMs: promiseOf(rule).boundMs }];
  });
  try {
    const measured = await measure(scenario, awaited, place);
    return measured.map(
      ({ rule, expected, madeAt, trueAt, deliveredAt }): Measured => ({
        ...promiseOf(rule),
        cause: scenario.cause,
        before: expected.before,
        times: { madeAt, trueAt, deliveredAt },
      }),
    );
  } catch (error) {
    if (error instanceof CannotBeMade)
      return awaited.map(({ rule }) => ({ ...promiseOf(rule), notFired: messageOf(error) }));
    return awaited.map(({ rule }) => ({ ...promiseOf(rule), failed: messageOf(error) }));
  }
}
