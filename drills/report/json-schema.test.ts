import { expect, it } from 'vitest';
import { reportJsonSchemaText } from './json-schema.ts';
import { reportSchema } from './schema.ts';
import { failedReport } from './testing/failed-report.ts';
import { passedReport } from './testing/passed-report.ts';

it('is published as it is: `npx vitest run -u drills/report/json-schema.test.ts` writes it anew', async () => {
  await expect(reportJsonSchemaText()).toMatchFileSnapshot('./report.schema.json');
});

it('takes both example reports, and gives them back as they were', () => {
  for (const report of [passedReport, failedReport])
    expect(reportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
});

it('refuses a report with an unknown field, a score of 150 or a time without milliseconds', () => {
  const broken = [
    { ...passedReport, extra: 1 },
    { ...passedReport, score: 150 },
    { ...passedReport, run: { ...passedReport.run, startedAt: '2026-11-22T09:30:00Z' } },
  ];
  for (const report of broken) expect(reportSchema.safeParse(report).success).toBe(false);
});
