import { expect, test } from 'vitest';
import { cutTheNetworkOf, wholeDrillLimitMs } from './testing/cut-the-network.ts';

test('network-cut on a plant without idempotency reports operations applied twice, fails and ends with 1.', {
  timeout: wholeDrillLimitMs,
}, async () => {
  const { code, output, report } = await cutTheNetworkOf('idempotency');
  expect(report.production.duplicated, output).toBeGreaterThan(0);
  expect(report.production).toMatchObject({ lost: 0, ok: false });
  expect(report.findings.map(({ fix }) => fix).join('\n')).toMatch(/idempoten/i);
  expect([report.verdict, code]).toEqual(['failed', 1]);
});
