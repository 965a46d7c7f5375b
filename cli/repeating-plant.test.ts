import { expect, test } from 'vitest';
import { drillOnWeakPlant, wholeDrillLimitMs } from './testing/weak-plant.ts';

test('network-cut on a plant without idempotency reports operations applied twice, fails and ends with 1.', {
  timeout: wholeDrillLimitMs,
}, async () => {
  const { code, output, report } = await drillOnWeakPlant('network-cut', 'idempotency');
  expect(report.production.duplicated, output).toBeGreaterThan(0);
  expect(report.production).toMatchObject({ lost: 0, ok: false });
  expect(report.findings.map(({ fix }) => fix).join('\n')).toMatch(/idempoten/i);
  expect([report.verdict, code]).toEqual(['failed', 1]);
});
