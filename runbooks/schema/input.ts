import { z } from 'zod';

/** No quotes, no blanks, no slashes: safe wherever it may stand. */
const plainWord = '[\\w.:-]{1,100}';

const pattern = z.string().refine((text) => {
  try {
    new RegExp(text, 'u');
    return true;
  } catch {
    return false;
  }
}, 'is no regular expression');

/** One value that a runbook takes from outside: from a label of the alert, or from the person who starts it. */
export const input = z.strictObject({
  /** The label of the alert (or of the event) that holds it; only a person can give it when left out. */
  label: z.string().min(1).optional(),
  /** What the whole value must match: a regular expression. */
  pattern: pattern.default(plainWord),
  /** Used where nobody gives one. */
  default: z.string().optional(),
});
export type Input = z.output<typeof input>;
export type Inputs = Readonly<Record<string, Input>>;

export type ReadInputs = { values: Record<string, string> } | { problems: string[] };

/** The inputs of one run, each checked; or everything that is wrong with them. */
export function readInputs(
  inputs: Inputs,
  labels: Readonly<Record<string, string>>,
  byHand: Readonly<Record<string, string>> = {},
): ReadInputs {
  const values: Record<string, string> = {};
  const problems = Object.keys(byHand)
    .filter((name) => !Object.hasOwn(inputs, name))
    .map((name) => `there is no input ${JSON.stringify(name)}`);
  for (const [name, { label, pattern, default: fallback }] of Object.entries(inputs)) {
    const given = own(byHand, name) ?? (label === undefined ? undefined : own(labels, label)) ?? fallback;
    if (given === undefined)
      problems.push(label === undefined ? `input "${name}" is missing` : `the alert has no label "${label}"`);
    else if (!new RegExp(`^(?:${pattern})$`, 'u').test(given))
      problems.push(
        `input "${name}" is ${JSON.stringify(given.slice(0, 100))}, which does not match ${pattern}`,
      );
    else values[name] = given;
  }
  return problems.length > 0 ? { problems } : { values };
}

/** Labels come from outside: `constructor` is no label unless the alert carries it. */
function own(record: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
