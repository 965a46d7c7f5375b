import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { type AlertTier, alertTiers } from '../tiers.ts';
import type { EscalationStep } from './escalation-plan.ts';

/** `L1` is that value and nothing else; `/L[12]/` is an expression that the whole value must match. */
const matcher = z.string().transform((text, context) => {
  const pattern = /^\/(?<source>.+)\/$/s.exec(text)?.groups?.source;
  if (pattern === undefined) return (value: string) => value === text;
  try {
    const expression = new RegExp(`^(?:${pattern})$`, 's');
    return (value: string) => expression.test(value);
  } catch (error) {
    context.addIssue({ code: 'custom', message: `${text} is no regular expression: ${String(error)}` });
    return z.NEVER;
  }
});

const names = z.array(z.string().min(1)).min(1);

/** One line of `notify.routes:`: which alerts go to whom, and to whom later. */
export const routeSchema = z.strictObject({
  tiers: z
    .array(z.enum(alertTiers))
    .min(1)
    .default([...alertTiers]),
  /** Labels that must have these values. A label that is missing counts as empty. */
  match: z.record(z.string(), matcher).default({}),
  receivers: names,
  /** Who is told when nobody has acknowledged so long after the alert came in. */
  escalate: z.array(z.strictObject({ after: duration, receivers: names })).default([]),
});
export type Route = z.output<typeof routeSchema>;

/** Who is told of an alert, at once and later. */
export interface Addressees {
  readonly receivers: readonly string[];
  readonly escalate: readonly EscalationStep[];
}

/** Every route that matches counts. An A that none matches goes to everybody, because it must not go to nobody. */
export function addresseesOf(
  routes: readonly Route[],
  everybody: readonly string[],
  labels: Readonly<Record<string, string>>,
  tier: AlertTier,
): Addressees {
  if (routes.length === 0) return { receivers: everybody, escalate: [] };
  const matching = routes.filter((route) => matches(route, labels, tier));
  if (matching.length === 0) return { receivers: tier === 'A' ? everybody : [], escalate: [] };
  return {
    receivers: [...new Set(matching.flatMap(({ receivers }) => receivers))],
    escalate: matching.flatMap(({ escalate }) =>
      escalate.flatMap(({ after, receivers }) => receivers.map((receiver) => ({ afterMs: after, receiver }))),
    ),
  };
}

const matches = ({ tiers, match }: Route, labels: Readonly<Record<string, string>>, tier: AlertTier) =>
  tiers.includes(tier) &&
  Object.entries(match).every(([name, test]) =>
    test(Object.hasOwn(labels, name) ? (labels[name] ?? '') : ''),
  );
