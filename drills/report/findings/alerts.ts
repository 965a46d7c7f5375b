import type { Facts } from '../expectations.ts';
import { between, seconds } from '../numbers.ts';
import type { Finding, Report } from '../schema.ts';

type Alert = Report['alerts'][number];

/** Expected alerts that did not come or came late, and others that came. */
export function alertFindings({ alerts }: Facts): Finding[] {
  return alerts.flatMap((alert) => {
    if (!alert.expected) return [alert.ok ? alsoFired(alert) : unwanted(alert)];
    if (alert.ok) return [];
    return [alert.deliveredAt === null ? missed(alert) : late(alert)];
  });
}

const name = ({ alert, tier }: Alert): string => (tier === 'none' ? alert : `${alert} (tier ${tier})`);

function missed(alert: Alert): Finding {
  const bound =
    alert.boundSeconds === null ? '' : ` It was due ${seconds(alert.boundSeconds)} after the fault.`;
  return {
    severity: 'critical',
    text: `${name(alert)} never reached anybody: ${howFar(alert)}.${bound}`,
    ...whyMissed(alert),
  };
}

function howFar({ injectedAt, pendingAt, firingAt }: Alert): string {
  if (injectedAt === null) return 'no fault was put in';
  if (firingAt)
    return `it fired ${seconds(between(injectedAt, firingAt))} after the fault and was not delivered`;
  if (pendingAt)
    return `it became pending ${seconds(between(injectedAt, pendingAt))} after the fault and did not fire`;
  return 'it did not even become pending';
}

function whyMissed({ alert, pendingAt, firingAt }: Alert): Pick<Finding, 'fix' | 'cause'> {
  if (firingAt)
    return {
      cause: 'Prometheus raised it, but Alertmanager did not hand it on.',
      fix: 'Check the route, the inhibitions and silences of Alertmanager, and the receiver’s token and address; then `andon alerts check`.',
    };
  if (pendingAt)
    return {
      cause: 'The condition was true, but not for as long as the rule’s `for` asks.',
      fix: 'Compare the rule’s `for` with how long the fault stayed; look for scrapes that failed in between, because one gap starts `for` anew.',
    };
  return {
    cause: 'The rule is not loaded, or what it measures did not move.',
    fix: `Look for the rule ${alert} on Prometheus’ /rules page (\`andon alerts render\` writes it), then ask its expression for the time of the fault.`,
  };
}

function late(alert: Alert): Finding {
  const took = alert.timeToDetectSeconds ?? 0;
  const bound = alert.boundSeconds ?? 0;
  return {
    severity: 'critical',
    text: `${name(alert)} was delivered ${seconds(took)} after the fault, ${seconds(took - bound)} over its bound of ${seconds(bound)}.`,
    ...whyLate(alert),
  };
}

/** Blames the step that took longest. */
function whyLate({ injectedAt, pendingAt, firingAt, deliveredAt }: Alert): Pick<Finding, 'fix' | 'cause'> {
  const step = (from: string | null, to: string | null) => (from && to ? between(from, to) : 0);
  const toPending = step(injectedAt, pendingAt ?? firingAt);
  const toFiring = step(pendingAt, firingAt);
  const toDelivered = step(firingAt, deliveredAt);
  if (toDelivered >= Math.max(toPending, toFiring))
    return {
      cause: `Of that, ${seconds(toDelivered)} passed between firing and delivery.`,
      fix: 'Shorten `group_wait`, keep `tier` in `group_by` so that the alert does not join an older group, and look whether Alertmanager had to retry.',
    };
  if (toFiring >= toPending)
    return {
      cause: `Of that, ${seconds(toFiring)} passed between pending and firing.`,
      fix: 'Shorten the rule’s `for`, or the evaluation interval of its group.',
    };
  return {
    cause: `Of that, ${seconds(toPending)} passed before the rule saw anything.`,
    fix: 'Shorten the scrape interval, and look whether scrapes of the target hung or failed while the fault was in.',
  };
}

const unwanted = (alert: Alert): Finding => ({
  severity: 'critical',
  text: `${name(alert)} fired, and this drill expects quiet.`,
  cause: 'The fault reached further than it may, or the rule is too nervous.',
  fix: 'Find out what the alert saw. If it was right, mend the plant; if not, mend the rule and drill again.',
});

const alsoFired = (alert: Alert): Finding => ({
  severity: 'info',
  text: `${name(alert)} fired as well, though the drill does not name it.`,
  cause: 'The fault is visible in more than one place.',
  fix: 'If it belongs to this fault, name it under `expect.alerts`; if it only repeats the first alert, inhibit it.',
});
