import { UsageError } from '../kit/errors.ts';
import type { InvalidFileError } from '../kit/yaml-file.ts';
import type { Suite } from './suite-schema.ts';

const nameThem = 'Give your systems these names under targets: in andon.yaml';

/** A drill of the catalogue that names what this plant's andon.yaml does not have. There is nothing to mend in its file. */
export class CatalogueMisfit extends UsageError {
  readonly reasons: readonly string[];

  constructor(id: string, { file, problems }: InvalidFileError) {
    const reasons = problems.map(({ message }) => `${id}: ${message}`);
    super('drill.misfit', lines(`${id} does not fit this plant`, reasons), {
      mend: `${nameThem}, or hold a copy of your own of ${file}. Nothing was touched.`,
    });
    this.reasons = reasons;
  }
}

/** The same of a suite: every drill that does not fit, and what a suite of those that do would look like. */
export function suiteMisfit(
  { id, title }: Suite,
  misfits: readonly CatalogueMisfit[],
  fitting: readonly string[],
): UsageError {
  const suite = JSON.stringify({ id, title, drills: fitting });
  const own =
    fitting.length === 0 ? '' : `, or write what fits into ${id}.suite.yaml here and name that: ${suite}`;
  return new UsageError(
    'suite.misfit',
    lines(
      `${misfits.length} drills of ${id} do not fit this plant`,
      misfits.flatMap(({ reasons }) => reasons),
    ),
    { mend: `${nameThem}${own}. Nothing was touched.` },
  );
}

const lines = (head: string, reasons: readonly string[]): string =>
  [`${head}:`, ...reasons.map((reason) => `  ${reason}`)].join('\n');
