import { expect, test } from 'vitest';
import { drillOnWeakPlant, wholeDrillLimitMs } from './testing/weak-plant.ts';

test('network-cut on a plant without an outbox reports operations lost, fails and ends with 1.', {
  timeout: wholeDrillLimitMs,
}, async () => {
  const { code, output, report } = await drillOnWeakPlant('network-cut', 'outbox');
  expect(report.production.lost, output).toBeGreaterThan(0);
  expect(report.production).toMatchObject({ duplicated: 0, ok: false });
  expect(report.findings.map(({ fix }) => fix).join('\n')).toMatch(/outbox/i);
  expect([report.verdict, code]).toEqual(['failed', 1]);
});
