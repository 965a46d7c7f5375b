import path from 'node:path';
import type { Report } from '../../drills/report/schema.ts';
import { readReport, runAndon, temporaryFolder } from './andon-process.ts';

/** A lab, the whole drill and the drain, on a machine that does other things beside it. */
export const wholeDrillLimitMs = 400_000;

/** Holds a drill of the catalogue in a lab of its own whose plant is weak on purpose. */
export async function drillOnWeakPlant(
  drill: string,
  weakness: string,
): Promise<{ code: number | null; output: string; report: Report }> {
  using folder = temporaryFolder(weakness);
  const out = path.join(folder.path, 'out');
  const { code, output } = await runAndon(
    folder.path,
    'drill',
    'run',
    drill,
    '--lab',
    '--weaken',
    weakness,
    '--out',
    out,
  );
  return { code, output, report: readReport(path.join(out, drill)) };
}
