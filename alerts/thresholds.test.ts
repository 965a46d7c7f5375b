import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { thresholdsSection } from './thresholds.ts';

describe('The thresholds', () => {
  it('stand in the document, every one with its default.', async () => {
    const text = await readFile(new URL('../docs/alerts/rules.md', import.meta.url), 'utf8');
    const [, block = ''] = /## Every threshold[\s\S]*?```yaml\n([\s\S]*?)```/.exec(text) ?? [];
    const written = parse(block).alerts.thresholds;
    const defaults = thresholdsSection.parse({});
    expect(thresholdsSection.parse(written)).toEqual(defaults);
    expect(keysOf(written)).toEqual(keysOf(defaults));
  });

  it('are refused where a tier lies below the milder one after it, all at once.', () => {
    const { error } = thresholdsSection.safeParse({
      host: { cpu: { a: 0.8 } },
      sync: { late: { b: 1 } },
      database: { transaction: { b: '1m' }, crowded_for: '0s' },
      queue: { canary: { a: '10s' } },
    });
    expect(error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).toSorted()).toEqual([
      'database.crowded_for: must be longer than 0s',
      'database.transaction.b: must not be less than c',
      'host.cpu.a: must not be less than b',
      'queue.canary.a: must not be less than b',
      'sync.late.b: must not be less than c',
    ]);
  });
});

/** `{a: {b: 1}}` → `['a.b']`. */
const keysOf = (value: object, prefix = ''): string[] =>
  Object.entries(value)
    .flatMap(([key, inner]) =>
      typeof inner === 'object' && inner !== null ? keysOf(inner, `${prefix}${key}.`) : [`${prefix}${key}`],
    )
    .toSorted();
