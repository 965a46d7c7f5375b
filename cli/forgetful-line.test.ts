import { expect, test } from 'vitest';
import { drillOnWeakPlant, wholeDrillLimitMs } from './testing/weak-plant.ts';

test('line-offline on a plant whose gateways do not retry reports operations lost, fails and ends with 1.', {
  timeout: wholeDrillLimitMs,
}, async () => {
  const { code, output, report } = await drillOnWeakPlant('line-offline', 'retry');
  expect(report.production.lost, output).toBeGreaterThan(0);
  expect(report.production).toMatchObject({ duplicated: 0, ok: false });
  expect(report.findings.map(({ fix }) => fix).join('\n')).toMatch(/retry/i);
  expect([report.verdict, code]).toEqual(['failed', 1]);
});
