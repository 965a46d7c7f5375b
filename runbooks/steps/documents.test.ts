import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { parseRunbook } from '../schema/runbook.ts';
import { shippedSteps } from './registry.ts';

const file = 'docs/runbooks/steps.md';
const text = readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

/** The document by its headings: `## \`sql\`` and what stands below. */
const sections = text
  .split(/^## /m)
  .slice(1)
  .map((section) => ({ kind: /^`([\w.-]+)`/.exec(section)?.[1] ?? section.slice(0, 40), section }));

const examplesIn = (section: string): string[] =>
  [...section.matchAll(/^```yml\n([\s\S]*?)^```$/gm)].map(([, yaml = '']) => yaml);

/** What an example leaves out. */
const rest = {
  id: 'example',
  title: 'An example',
  inputs: { line: {}, device: {}, alert: {} },
};
const whole = (yaml: string): string => stringify({ ...rest, ...(parse(yaml) as object) });

describe('The document on steps', () => {
  it('is sorted, and has only steps that there are.', () => {
    const kinds = sections.map(({ kind }) => kind);
    expect(kinds.length).toBeGreaterThan(6);
    expect(kinds).toEqual(kinds.toSorted());
    expect(kinds.filter((kind) => !shippedSteps.some((step) => step.kind === kind))).toEqual([]);
  });

  it.each(sections)('has an example of $kind that is accepted.', ({ kind, section }) => {
    const examples = examplesIn(section);
    expect(examples.join()).toContain(`step: ${kind}\n`);
    for (const yaml of examples) expect(() => parseRunbook(file, whole(yaml), shippedSteps)).not.toThrow();
  });

  it.each(sections)('names every parameter of $kind.', ({ kind, section }) => {
    const step = shippedSteps.find((one) => one.kind === kind);
    const { shape = {} } = (step?.params ?? {}) as { shape?: object };
    for (const name of Object.keys(shape)) expect(section).toContain(`\`${name}\``);
  });

  it('would notice a wrong example.', () => {
    const wrong = 'steps: [{ step: sql, with: { query: "DELETE FROM work_orders", mode: write } }]';
    expect(() => parseRunbook(file, whole(wrong), shippedSteps)).toThrow(/a write needs rows/);
  });
});
