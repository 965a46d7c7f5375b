import { expect, test } from 'vitest';
import { cutTheNetworkOf, wholeDrillLimitMs } from './testing/cut-the-network.ts';

test('network-cut on a plant without an outbox reports operations lost, fails and ends with 1.', {
  timeout: wholeDrillLimitMs,
}, async () => {
  const { code, output, report } = await cutTheNetworkOf('outbox');
  expect(report.production.lost, output).toBeGreaterThan(0);
  expect(report.production).toMatchObject({ duplicated: 0, ok: false });
  expect(report.findings.map(({ fix }) => fix).join('\n')).toMatch(/outbox/i);
  expect([report.verdict, code]).toEqual(['failed', 1]);
});
