import { expect, test } from 'vitest';
import { drillOnWeakPlant, wholeDrillLimitMs } from './testing/weak-plant.ts';

test('third-party-down on a plant that signs inside its requests is not steady, fails and ends with 1.', {
  timeout: wholeDrillLimitMs,
}, async () => {
  const { code, output, report } = await drillOnWeakPlant('third-party-down', 'signature');
  expect(
    report.hypothesis.during.some(({ ok }) => !ok),
    output,
  ).toBe(true);
  expect(report.production).toMatchObject({ lost: 0, duplicated: 0 });
  expect(report.findings.map(({ fix }) => fix).join('\n')).toMatch(/let a relay ask it aside/);
  expect([report.verdict, code]).toEqual(['failed', 1]);
});
