import { expect, test } from 'vitest';
import { drillOnWeakPlant, wholeDrillLimitMs } from './testing/weak-plant.ts';

test('load-200 on a plant with too small a connection pool is too slow, fails and ends with 1.', {
  timeout: wholeDrillLimitMs,
}, async () => {
  const { code, output, report } = await drillOnWeakPlant('load-200', 'pool');
  const during = report.load?.byStage.find(({ stage }) => stage === 'fault');
  expect(during?.requests, output).toBeGreaterThan(1000);
  expect(during?.p95Ms).toBeGreaterThan(300);
  expect(report.production).toMatchObject({ lost: 0, duplicated: 0 });
  expect([report.verdict, code]).toEqual(['failed', 1]);
});
