import { z } from 'zod';
import { reportSchema } from './schema.ts';

const time = z.iso.datetime({ precision: 3 }).describe('ISO 8601 with milliseconds, UTC');
const { verdict, score, run } = reportSchema.shape;

/** What came out of a suite: `suite.json`, beside the folders of its runs. Fields are added, never renamed. */
export const suiteReportSchema = z.strictObject({
  schema: z.literal('andon.suite/v1'),
  id: z.string(),
  title: z.string(),
  startedAt: time,
  finishedAt: time,
  verdict,
  planned: z.int().describe('drills that the suite names; fewer runs mean that it was stopped'),
  readiness: z
    .strictObject({
      score: score.describe('0 to 100: the causes by their weights'),
      causes: z.array(
        z.strictObject({
          cause: run.shape.cause,
          weight: z.number().describe('of 100, by how often the cause stops real plants'),
          drills: z.int(),
          passed: z.int(),
          score: score.describe('mean of its drills; one that was not held counts 0'),
        }),
      ),
    })
    .optional()
    .describe('absent in suites of older versions'),
  runs: z.array(
    z.strictObject({
      id: z.string(),
      drill: z.string(),
      verdict,
      score,
      dir: z.string().describe('relative to suite.json'),
    }),
  ),
});

export type SuiteReport = z.infer<typeof suiteReportSchema>;
