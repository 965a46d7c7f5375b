import type { AlertsConfig } from './config.ts';
import { detectionBoundMs } from './detection-bound.ts';
import type { AlertCause, AlertOwner, AlertRule } from './rule.ts';
import { everyRuleOf } from './rules/catalogue.ts';
import type { AlertTier } from './tiers.ts';
import { span } from './wording.ts';

/** What an error code stands for. */
export interface AlertCode {
  readonly code: string;
  readonly tier: AlertTier;
  readonly name: string;
  /** None where the monitoring itself is what is wrong. */
  readonly cause?: AlertCause;
  readonly owner?: AlertOwner;
  readonly when: string;
  readonly meaning: string;
  readonly action: string;
  /** The longest time from the fault to the delivery of the alert. */
  readonly boundMs: number;
  /** Why so much of that passes before the condition is true. */
  readonly onset?: { readonly ms: number; readonly reason: string };
}

/** Every code there is, with the thresholds and the timing of andon.yaml, in the order of the rule file. */
export const alertCodes = (config: AlertsConfig): readonly AlertCode[] =>
  everyRuleOf(config).map((rule) => codeOf(rule, config));

function codeOf(rule: AlertRule, config: AlertsConfig): AlertCode {
  const { code, tier, name, cause, owner, meaning, action, onset } = rule;
  return {
    code,
    tier,
    name,
    ...(cause === undefined ? {} : { cause }),
    ...(owner === undefined ? {} : { owner }),
    when: rule.onlyInShift ? `${rule.when}; in shift only` : rule.when,
    meaning,
    action,
    boundMs: detectionBoundMs(rule, config),
    ...(onset === undefined ? {} : { onset }),
  };
}

const introduction = `# Error codes

Every alert has a stable code. It stands in the label \`code\` of the alert and in every message about it, so that people on the
phone, runbooks and statistics speak of the same thing. \`andon alerts codes\` prints this list with the thresholds of
your own andon.yaml; \`--json\` prints one line of JSON for each.

A code is made of the domain, the tier and a number: \`MES-A-101\`. It is never used again for something else. The domains: MES
(operations, work orders, output), SLO (objectives), SYN (synchronisation, consistency), DB (databases), QUE (queues), DEV (devices),
HOST (computers), MON (the monitoring itself). Numbers of A begin with 1, of B with 2, of C with 3.

| tier | means | act | \`severity\` |
| ---- | ----- | --- | ---------- |
| A | blocking (阻塞性): production stands or is about to | at once; a runbook may act by itself | critical |
| B | function limited (功能受限): it goes on, with something missing | this shift | warning |
| C | notice (提示性): nothing is missing yet | at the weekly review | info |

"Delivered within" is the longest time from the fault to the delivery of the alert with the default timing, and holds as long as
Prometheus, Alertmanager and the exporter themselves run. Where the condition itself is that time has passed, that time is part of it.

`;

/** docs/alerts/codes.md: generated, and held current by a test. */
export function renderCodes(codes: readonly AlertCode[]): string {
  const sections = Map.groupBy(codes, ({ name }) => name);
  return `${introduction}${table(codes)}\n${[...sections].map(([name, ofName]) => section(name, ofName)).join('\n')}`;
}

const table = (codes: readonly AlertCode[]): string =>
  [
    '| code | alert | cause | asked first | fires when | delivered within |',
    '| ---- | ----- | ----- | ----------- | ---------- | ---------------- |',
    ...codes.map(
      ({ code, name, cause = '', owner = '', when, boundMs }) =>
        `| ${code} | [${name}](#${name.toLowerCase()}) | ${cause} | ${owner} | ${when} | ${span(boundMs)} |`,
    ),
    '',
  ].join('\n');

/** Tiers of which the same is said are spoken of together. */
function section(name: string, codes: readonly AlertCode[]): string {
  const alike = Map.groupBy(codes, ({ meaning, action }) => `${meaning}\n\n**Do:** ${action}`);
  const parts = [...alike].map(([text, together]) => {
    const lines = together.map(({ code, when, onset }) => {
      const why = onset === undefined ? '' : ` (${span(onset.ms)} of the bound: ${onset.reason})`;
      return `- \`${code}\` ${when}${why}`;
    });
    return `${lines.join('\n')}\n\n${text}\n`;
  });
  return `## ${name}\n\n${parts.join('\n')}`;
}
