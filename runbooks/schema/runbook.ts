import { createHash } from 'node:crypto';
import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { parseYaml } from '../../kit/yaml-file.ts';
import { condition, question } from '../conditions/condition.ts';
import { peopleRole } from '../people/people.ts';
import type { Step } from '../step.ts';
import { contradictions } from './contradictions.ts';
import { input } from './input.ts';
import { mode } from './mode.ts';
import { stepEntry } from './steps.ts';
import { trigger } from './trigger.ts';

const kebab = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower case words joined by hyphens, as in release-db-lock');

/** The strict schema of a runbook, made for the steps that this installation knows. */
export function runbookSchema(steps: readonly Step[]) {
  return z.strictObject({
    id: kebab,
    title: z.string().min(1),
    /** Why it helps and when it does not: for the person who is asked to approve it. */
    description: z.string().min(1).optional(),
    /** What starts it; without one it is only run by hand. */
    triggers: z.array(trigger).default([]),
    /** Values it takes from outside. */
    inputs: z.record(z.string().regex(/^\w+$/, 'must be letters, digits and _'), input).default({}),
    mode,
    /** It acts by itself only while its last drill is green and not older than this. */
    proven_within: duration.prefault('35d'),
    /** Who may agree where the mode is `approve` (also where `auto` is not proven), and for how long they are asked. */
    approval: z
      .strictObject({
        roles: z.array(peopleRole).min(1).prefault(['leader', 'director', 'maintainer']),
        expires: duration.prefault('15m'),
      })
      .prefault({}),
    /** A target of andon.yaml, or the label of the alert that names one. */
    target: z.union([z.string().min(1), z.strictObject({ label: z.string().min(1) })]).optional(),
    /** After a run on a target no alert starts another one there for this long. */
    cool_down: duration.prefault('1m'),
    /** After so many runs on a target within that time a person gets the next one. */
    loop_breaker: z
      .strictObject({ runs: z.int().min(1).default(3), within: duration.prefault('1h') })
      .prefault({}),
    /** For all steps and checks together; taking them back has the same time again. */
    timeout: duration.prefault('2m'),
    /** Whether there is anything to do, asked once before the first step. Left out, it is not asked: so the hash of such a text stays. */
    applies: z.array(question).min(1).optional(),
    steps: z.array(stepEntry(steps)).min(1),
    /** What must be true afterwards. */
    verify: z.array(condition).default([]),
  });
}

export type Runbook = z.output<ReturnType<typeof runbookSchema>>;
export type RunbookStep = Runbook['steps'][number];

/** Parses a runbook file; throws one InvalidFileError that names every mistake with line and column. */
export function parseRunbook(file: string, text: string, steps: readonly Step[]): Runbook {
  return parseYaml(file, text, runbookSchema(steps), { extra: (runbook) => contradictions(runbook, steps) });
}

const hashes = new WeakMap<Runbook, string>();

/** What a drill has proven and a person has agreed to is this very text, not another one of the same name. */
export function hashOfRunbook(runbook: Runbook): string {
  const known = hashes.get(runbook);
  if (known !== undefined) return known;
  const hash = createHash('sha256').update(JSON.stringify(runbook)).digest('hex');
  hashes.set(runbook, hash);
  return hash;
}
