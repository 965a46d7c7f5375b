import { z } from 'zod';
import { reportSchema } from './schema.ts';

/** The published JSON Schema of `report.json`, as `report.schema.json` holds it. */
export const reportJsonSchema = (): object => ({
  ...z.toJSONSchema(reportSchema),
  title: 'Andon drill report (andon.report/v1)',
});

/** The text of `report.schema.json`. */
export const reportJsonSchemaText = (): string => `${JSON.stringify(reportJsonSchema(), null, 2)}\n`;
