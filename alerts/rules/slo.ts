import { parseDuration } from '../../kit/duration.ts';
import type { RuleSettings } from '../config.ts';
import { slowIntervalMs } from '../prometheus-rules.ts';
import { promString } from '../prometheus-text.ts';
import type { AlertRule } from '../rule.ts';
import { burnRecord, sloErrors, sloEvents } from '../slo-burn.ts';
import { type BurnWindows, burnWindows, type Slo } from '../slos.ts';

type Tier = keyof typeof burnWindows;

/** What differs between an SLO on success and one on waiting time. */
interface Kind {
  readonly name: string;
  readonly codes: Readonly<Record<Tier, string>>;
  readonly what: string;
  readonly meaning: string;
  readonly action: string;
}

const success: Kind = {
  name: 'MesSuccessBudgetBurning',
  codes: { A: 'SLO-A-101', B: 'SLO-B-201', C: 'SLO-C-301' },
  what: 'operations fail',
  meaning: 'So many operations fail that the objective in andon.yaml will be missed if it goes on like this.',
  action:
    'Look which operation fails (mes_operations_failed_total), and at the alerts and releases of that time.',
};
const latency: Kind = {
  name: 'MesLatencyBudgetBurning',
  codes: { A: 'SLO-A-102', B: 'SLO-B-202', C: 'SLO-C-302' },
  what: 'operations are slow',
  meaning:
    'So many operations wait too long that the objective in andon.yaml will be missed if it goes on like this.',
  action:
    'Look which operation waits (mes_operation_wait_seconds), and at locks, the connection pool and the load of that time.',
};

/**
 * One minute for the rate over a minute, and one for the minutes that windows are summed from; days are summed from hours, once a
 * minute.
 */
const smoothingMs = (window: string): number =>
  (parseDuration(window) ?? 0) < 86_400_000 ? 120_000 : 3_600_000 + slowIntervalMs;

function burning(kind: Kind, tier: Tier, slos: readonly Slo[]): AlertRule {
  const which = `{slo=~${promString(slos.map(({ name }) => name).join('|'))}}`;
  const pairs: readonly BurnWindows[] = burnWindows[tier];
  const [first = burnWindows.A[0]] = pairs;
  const loosest = Math.max(0, ...slos.map(({ objective }) => 1 - objective));
  const outageMs = Math.ceil(first.factor * loosest * (parseDuration(first.long) ?? 0));
  return {
    name: kind.name,
    tier,
    code: kind.codes[tier],
    cause: 'load',
    owner: 'it',
    expr: pairs
      .map(({ factor, long, short }) => {
        const over = (window: string) => `${burnRecord(window)}${which} > ${factor}`;
        return `(${over(long)} and ${over(short)})`;
      })
      .join('\nor '),
    forMs: 0,
    onset: {
      ms: Math.ceil((outageMs + smoothingMs(first.long)) / 1000) * 1000,
      reason: `even if all fails, so much of the budget must be spent first; counted over ${first.long}`,
    },
    when: pairs
      .map(
        ({ factor, long, short }) =>
          `${kind.what} ${factor} × faster than the SLO allows over ${long} and ${short}`,
      )
      .join(', or '),
    summary: `Too many ${kind.what} on {{ $labels.target }}: {{ $labels.slo }}`,
    detail: 'The budget is spent {{ $value | humanize }} times faster than allowed.',
    meaning: kind.meaning,
    action: kind.action,
  };
}

const unmeasured: AlertRule = {
  name: 'MesSloUnmeasured',
  tier: 'C',
  code: 'SLO-C-303',
  owner: 'it',
  expr: `${sloEvents} unless on (target, slo) ${sloErrors}`,
  forMs: 300_000,
  when: 'operations of an SLO are counted, but not which of them were bad, 5 min',
  summary: 'The SLO {{ $labels.slo }} of {{ $labels.target }} cannot be measured',
  meaning: 'Its burn-rate alerts are blind.',
  action:
    'For an SLO with `within`: that must be the bound of a bucket of mes_operation_wait_seconds. For another: ' +
    'mes_operations_failed_total must be published.',
};

export function sloRules({ slos }: RuleSettings): readonly AlertRule[] {
  const kinds: [Kind, Slo[]][] = [
    [success, slos.filter(({ within }) => within === undefined)],
    [latency, slos.filter(({ within }) => within !== undefined)],
  ];
  const tiers = Object.keys(burnWindows) as Tier[];
  const used = kinds.filter(([, ofKind]) => ofKind.length > 0);
  return [
    ...used.flatMap(([kind, ofKind]) => tiers.map((tier) => burning(kind, tier, ofKind))),
    ...(used.length > 0 ? [unmeasured] : []),
  ];
}
