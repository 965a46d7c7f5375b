import { type CheckedCollector, checkCollectors } from '../exporters/check-collectors.ts';
import { expositionText } from '../exporters/exposition.ts';
import type { ExporterOptions } from '../exporters/server.ts';
import { UsageError } from '../kit/errors.ts';
import { silentLog } from '../kit/log.ts';
import { closest } from '../kit/spelling.ts';
import type { Context } from './context.ts';
import { exitCode } from './exit-code.ts';

/** How the result is shown. */
export interface CheckDisplay {
  samples: boolean;
  /** One line of JSON for each collector. */
  json: boolean;
}

/** `andon exporter check`: what each collector would publish now. Ends with 1 when one failed. */
export async function checkExporter(
  { stdout, exit }: Context,
  options: ExporterOptions,
  names: readonly string[],
  display: CheckDisplay,
): Promise<void> {
  // The reasons stand in the table: a log of the same would only be in the way.
  const checked = await checkCollectors({ ...options, log: silentLog }, names, unknownName);
  if (display.json) for (const one of checked) stdout.write(`${JSON.stringify(asJson(one, display))}\n`);
  else stdout.write(await asText(checked, display));
  if (checked.some(({ reason }) => reason !== undefined)) exit(exitCode.failed);
}

function unknownName(word: string, known: readonly string[]): UsageError {
  const near = closest(word, known);
  return new UsageError(
    'exporter.unknown-collector',
    `no collector and no target measured is called "${word}"`,
    {
      mend: near === undefined ? `There are ${known.join(', ')}` : `Did you mean "${near}"?`,
    },
  );
}

const asJson = ({ collector, target, reason, ms, samples }: CheckedCollector, display: CheckDisplay) => ({
  collector,
  target,
  ok: reason === undefined,
  reason,
  ms,
  series: samples.length,
  samples: display.samples
    ? samples.map(({ series, value }) => ({ series: series.prefix.trimEnd(), value }))
    : undefined,
});

async function asText(checked: readonly CheckedCollector[], { samples }: CheckDisplay): Promise<string> {
  const rows = checked.map(({ collector, target, reason, ms, samples: { length } }) => [
    collector,
    target,
    reason === undefined ? 'ok' : 'failed',
    String(ms),
    String(length),
    reason ?? '',
  ]);
  const table = aligned([['collector', 'target', 'result', 'ms', 'series', 'reason'], ...rows]);
  if (!samples) return table;
  return `${table}\n${await expositionText(...checked.map((one) => one.samples))}`;
}

const numeric = [3, 4];

/** Lines with their columns below each other, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const lines = rows.map((row) =>
    row
      .map((text, column) =>
        numeric.includes(column) ? text.padStart(width(column)) : text.padEnd(width(column)),
      )
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}
