import type { Command } from 'commander';
import { compareAside } from '../../exporters/consistency/compare-aside.ts';
import type { DestinationReport } from '../../exporters/consistency/comparison.ts';
import { comparisonJson, totalOf } from '../../exporters/consistency/comparison-json.ts';
import type { ComparisonConfig } from '../../exporters/consistency/config.ts';
import { recordsCsv } from '../../exporters/consistency/records-csv.ts';
import { keptRecords, recordsPage } from '../../exporters/consistency/records-page.ts';
import { isoTime } from '../../kit/clock.ts';
import { promDuration } from '../../kit/duration.ts';
import { UnavailableError, UsageError } from '../../kit/errors.ts';
import { closest } from '../../kit/spelling.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { exitCode } from '../exit-code.ts';

type Options = CommonOptions & { csv?: boolean; limit?: string };

export function registerConsistency(program: Command, context: Context): void {
  program
    .command('consistency <name>')
    .description('compare what the systems of exporter.consistency hold, now; ends with 1 when they differ')
    .option('--csv', 'the differing records as CSV')
    .option('--limit <count>', 'so many differing records (default: all that are kept)')
    .action((name: string, options: Options) => compare(context, { ...program.opts(), ...options }, name));
}

async function compare(context: Context, options: Options, name: string): Promise<void> {
  const limit = limitOf(options);
  const { file, config } = findConfig(context, options);
  const comparison = named(config.exporter.consistency, name, file);
  const { signal, stderr } = context;
  const reports = await compareAside(comparison, {
    targets: config.targets,
    signal,
    onRecheck: (records) => {
      const after = promDuration(comparison.recheck_after);
      if (!options.quiet) stderr.write(`${records} records differ; they are compared again in ${after}\n`);
    },
  });
  context.stdout.write(rendered(comparison, reports, limit, options));
  const failures = [...new Set(reports.flatMap(({ failure }) => failure ?? []))];
  if (failures.length > 0)
    throw new UnavailableError(
      'consistency.failed',
      `not everything could be compared: ${failures.join('; ')}`,
    );
  if (reports.some(({ outcome }) => outcome && totalOf(outcome.mismatched) > 0))
    context.exit(exitCode.failed);
}

function limitOf({ limit }: Options): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  if (/^\d{1,9}$/.test(limit)) return Number(limit);
  throw new UsageError('consistency.limit', `--limit ${limit} is no number`, {
    mend: 'Write for instance --limit 20.',
  });
}

function named(comparisons: readonly ComparisonConfig[], name: string, file: string): ComparisonConfig {
  const found = comparisons.find((comparison) => comparison.name === name);
  if (found) return found;
  const names = comparisons.map((comparison) => comparison.name);
  const near = closest(name, names);
  const known =
    names.length === 0 ? 'It has none: add one under exporter: consistency:.' : `It has ${names.join(', ')}.`;
  throw new UsageError('consistency.unknown', `${file} has no comparison "${name}"`, {
    mend: near ? `Did you mean "${near}"?` : known,
  });
}

function rendered(
  comparison: ComparisonConfig,
  reports: readonly DestinationReport[],
  limit: number,
  { json, csv, quiet }: Options,
): string {
  const page = recordsPage(reports, { limit }) ?? { records: [], next: null };
  if (csv) return recordsCsv(comparison, page.records);
  const found = comparisonJson(comparison, reports, page);
  if (json) return `${JSON.stringify(found)}\n`;
  const records = found.records.map(({ keys, dimension, held }) => {
    const sides = Object.entries(held).map(([system, value]) => `${system} ${value ?? 'none'}`);
    return `${dimension.padEnd(8)}  ${Object.values(keys).join('  ')}: ${sides.join(', ')}`;
  });
  const left = keptRecords(reports).length - records.length;
  const more = left > 0 ? [`and ${left} more`] : [];
  return [
    ...(quiet ? [] : reports.map((report) => summary(comparison, report))),
    ...records,
    ...more,
    '',
  ].join('\n');
}

function summary({ source }: ComparisonConfig, { destination, outcome }: DestinationReport): string {
  const pair = `${source.system} and ${destination}`;
  if (outcome === undefined) return `${pair}: could not be compared`;
  const { compared, mismatched, unsettled, differences, watermark } = outcome;
  const total = totalOf(mismatched);
  const parts = Object.entries(mismatched).map(([dimension, count]) => `${dimension} ${count}`);
  const kept = total > differences.length ? `, the first ${differences.length} are kept` : '';
  const changing = unsettled > 0 ? `, ${unsettled} more are changing` : '';
  const differ = total === 0 ? 'none differs' : `${total} differ (${parts.join(', ')}${kept})`;
  return `${pair} at ${isoTime(watermark)}: ${compared.material} records, ${differ}${changing}`;
}
