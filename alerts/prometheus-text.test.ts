import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { runChecker } from '../kit/checker.ts';
import { alertsSection } from './config.ts';
import { renderRules } from './prometheus-rules.ts';
import { anyOf, literalText, promString } from './prometheus-text.ts';
import { rulesOf } from './rules/catalogue.ts';

/** Pieces that mean something to PromQL, to its regular expressions or to templates, among any others. */
const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '{{',
        '}}',
        '{{ $value }}',
        '"',
        '\\',
        '\\"',
        "'",
        '`',
        '|',
        '.*',
        '(',
        '[',
        '^',
        '$',
        '\n',
        '\t',
        '\0',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''));

describe('A text from the settings', () => {
  it('is one string of PromQL that says the same, whatever it holds.', () => {
    fc.assert(
      fc.property(text, (any) => {
        expect(JSON.parse(promString(any))).toBe(any.toWellFormed());
      }),
    );
  });

  it('is a regular expression that matches it and no other.', () => {
    fc.assert(
      fc.property(text, text, (one, other) => {
        const pattern = new RegExp(`^(?:${anyOf([one.toWellFormed()])})$`, 'u');
        expect(pattern.test(one.toWellFormed())).toBe(true);
        expect(pattern.test(other.toWellFormed())).toBe(one.toWellFormed() === other.toWellFormed());
      }),
    );
  });

  it('is left as it is by the templates of annotations: none begins in it that it did not escape.', () => {
    fc.assert(
      fc.property(text, (any) => {
        const pieces = literalText(any).split('{{"{{"}}');
        expect(pieces.join('')).not.toContain('{{');
        expect(pieces.join('{{')).toBe(any.toWellFormed());
      }),
    );
  });
});

interface Written {
  inQuery: (any: string) => string;
  inTemplate: (any: string) => string;
}

/** A real Prometheus' opinion on whether each text arrives unchanged as a label, as a regular expression, and in an annotation. */
async function arrives(texts: readonly string[], { inQuery, inTemplate }: Written) {
  const dir = await mkdtemp(path.join(tmpdir(), 'andon-text-'));
  try {
    const rules = texts.flatMap((any, index) => [
      {
        alert: `Equal${index}`,
        expr: `label_replace(vector(1), "v", ${inQuery(any.replaceAll('$', '$$$$'))}, "", "")`,
        annotations: { summary: inTemplate(any) },
      },
      {
        alert: `Matches${index}`,
        expr: `count(label_replace(vector(1), "v", ${inQuery(any.replaceAll('$', '$$$$'))}, "", "")) and on () (vector(1) unless on () absent(some{v=~${inQuery(anyOf([any]))}}))`,
      },
    ]);
    await writeFile(path.join(dir, 'rules.yml'), stringify({ groups: [{ name: 'texts', rules }] }));
    const test = {
      interval: '1m',
      // In a label's value promtool's own notation is that of PromQL.
      input_series: texts.map((any) => ({ series: `some{v=${JSON.stringify(any)}}`, values: '1x5' })),
      alert_rule_test: texts.flatMap((any, index) => [
        {
          eval_time: '1m',
          alertname: `Equal${index}`,
          exp_alerts: [{ exp_labels: { v: any }, exp_annotations: { summary: any } }],
        },
        { eval_time: '1m', alertname: `Matches${index}`, exp_alerts: [{}] },
      ]),
    };
    const file = path.join(dir, 'test.yml');
    await writeFile(file, stringify({ rule_files: ['rules.yml'], tests: [test] }));
    return await runChecker('promtool', ['test', 'rules', file]);
  } finally {
    await rm(dir, { recursive: true });
  }
}

describe('Prometheus', { timeout: 60_000 }, () => {
  const texts = [
    ...new Set(
      fc
        .sample(text, { numRuns: 150, seed: 4 })
        .map((any) => any.toWellFormed())
        .filter((any) => any !== ''),
    ),
  ];
  const escaped = { inQuery: promString, inTemplate: literalText };

  it('reads every text as it was written, in queries and in annotations.', async () => {
    const { ok, output } = await arrives(texts, escaped);
    expect(ok, output.slice(0, 2000)).toBe(true);
  });

  it('does not when it is not escaped.', async () => {
    const some = ['{{ $value }}', 'a"b'];
    expect((await arrives(some, { ...escaped, inTemplate: (any) => any })).ok).toBe(false);
    expect((await arrives(some, { ...escaped, inQuery: (any) => `"${any}"` })).ok).toBe(false);
  });

  it('accepts the rules of any settings, and takes nothing in them for a template.', async () => {
    const settings = fc.record({
      base: text,
      operations: fc.array(
        text.filter((any) => any !== ''),
        { minLength: 1, maxLength: 3 },
      ),
    });
    const dir = await mkdtemp(path.join(tmpdir(), 'andon-settings-'));
    try {
      const files = fc.sample(settings, { numRuns: 20, seed: 4 }).map(({ base, operations }, index) => {
        const config = alertsSection.parse({
          runbook_base_url: base,
          slos: [
            { name: 'all', objective: 0.99, operations },
            { name: 'quick', objective: 0.99, within: '1s', operations },
          ],
        });
        return { file: path.join(dir, `${index}.yml`), rules: renderRules(rulesOf(config), config) };
      });
      await Promise.all(files.map(({ file, rules }) => writeFile(file, rules)));
      const { ok, output } = await runChecker('promtool', [
        'check',
        'rules',
        ...files.map(({ file }) => file),
      ]);
      expect(ok, output.slice(0, 2000)).toBe(true);
    } finally {
      await rm(dir, { recursive: true });
    }
  });
});
