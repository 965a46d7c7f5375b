import { type Expectations, expectationsFrom } from './expectations.ts';
import { alertFindings } from './findings/alerts.ts';
import { faultFindings } from './findings/faults.ts';
import { loadFindings } from './findings/load.ts';
import { productionFindings } from './findings/production.ts';
import { runbookFindings } from './findings/runbooks.ts';
import { steadyDuringFindings } from './findings/steady-during.ts';
import type { Finding, Report } from './schema.ts';

const order: Finding['severity'][] = ['critical', 'warning', 'info'];

/**
 * What people should know and do after a drill, gravest first. `reasons` are the runner's own words why it did not pass;
 * those that no figure explains become findings themselves, so that no failed drill is without one.
 */
export function findingsOf(
  report: Omit<Report, 'findings'>,
  reasons: readonly string[] = [],
  expected: Expectations = expectationsFrom(report),
): Finding[] {
  const explained: Record<Topic, Finding[]> = {
    alert: alertFindings(report),
    production: productionFindings(report),
    fault: faultFindings(report),
    runbook: runbookFindings(report, expected),
    load: loadFindings(report, expected),
    steady: steadyDuringFindings(report, expected),
  };
  const graveOn = (topic: Topic) => explained[topic].some(({ severity }) => severity !== 'info');
  const others = reasons.filter((reason) => !topicsOf(reason).some(graveOn));
  const findings = [
    ...others.map((reason) => fromReason(reason, report.verdict)),
    ...Object.values(explained).flat(),
  ];
  return findings.toSorted((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

type Topic = 'alert' | 'production' | 'fault' | 'runbook' | 'load' | 'steady';

/** How the runner's reasons begin or sound, by what they are about. */
const sounds: [RegExp, Topic][] = [
  [/^alert /, 'alert'],
  [/^\d+ operations? /, 'production'],
  [/^left behind:/, 'fault'],
  [/touched nothing/, 'fault'],
  [/hypothesis did not hold/, 'fault'],
  [/^runbook /, 'runbook'],
  [/\b(users|requests|percentile)\b/, 'load'],
  [/^".*" was .* during the fault/, 'steady'],
];

const topicsOf = (reason: string): Topic[] =>
  sounds.filter(([sound]) => sound.test(reason)).map(([, topic]) => topic);

const endings: Record<Report['verdict'], Pick<Finding, 'cause' | 'fix'>> = {
  passed: { cause: 'See the journal of the run.', fix: 'Nothing has to be done.' },
  failed: {
    cause: 'An expectation of the drill was not met.',
    fix: 'Compare the drill’s `expect:` with the plots at the time of the fault, mend what fell short, and drill again.',
  },
  aborted: {
    cause: 'The drill was stopped before its end; what it had broken was healed.',
    fix: 'See what stopped it. If the plant was in danger, mend that first; else run the drill again.',
  },
  'not-run': {
    cause: 'The preflight refused, before anything was touched.',
    fix: 'Do what the message says, then run the same command again.',
  },
};

const noRule = {
  cause: 'The rule was removed, renamed, or never loaded.',
  fix: 'Render the rules with `andon alerts render`, let Prometheus load them, and reload it.',
};

function fromReason(reason: string, verdict: Report['verdict']): Finding {
  const text = /[.!?]$/.test(reason) ? reason : `${reason}.`;
  return {
    severity: verdict === 'passed' ? 'info' : 'critical',
    text: `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`,
    ...(/^Prometheus has no rule/.test(reason) ? noRule : endings[verdict]),
  };
}
