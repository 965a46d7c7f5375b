import type { Redaction } from '../../exporters/web/redaction.ts';
import type { RunRecord } from '../store/run.ts';

/** A run without passwords and tokens in what its steps and their drivers have said. Its names stay as they are. */
export function redactedRun(run: RunRecord, redact: Redaction): RunRecord {
  return {
    ...run,
    trust: redact(run.trust),
    plan: redact(run.plan),
    reason: redact(run.reason),
    need: run.need && { ...run.need, said: redact(run.need.said) },
    steps: run.steps.map((step) => ({
      ...step,
      summary: redact(step.summary),
      details: redactedValue(step.details, redact) as Record<string, unknown>,
    })),
  };
}

function redactedValue(value: unknown, redact: Redaction): unknown {
  if (typeof value === 'string') return redact(value);
  if (Array.isArray(value)) return value.map((one) => redactedValue(one, redact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, redactedValue(one, redact)]));
}
