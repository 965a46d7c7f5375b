import { compareAside } from '../../exporters/consistency/compare-aside.ts';
import type { Outcome } from '../../exporters/consistency/comparison.ts';
import { totalOf } from '../../exporters/consistency/comparison-json.ts';
import type { Difference } from '../../exporters/consistency/merge.ts';
import { isoTime } from '../../kit/clock.ts';
import { UnavailableError } from '../../kit/errors.ts';
import type { Targets } from '../../kit/targets.ts';
import type { Repair } from './repair.ts';

/** One record that the two systems of a repair hold differently; null where a system does not hold it. */
export interface Drift {
  keys: Readonly<Record<string, string>>;
  /** What is compared: `quantity`. */
  field: string;
  /** What `into` holds, and what `from` holds. */
  before: string | null;
  after: string | null;
}

/** What the two systems of a repair hold differently now. */
export interface Drifts {
  /** The moment as of which both were asked, ISO 8601. */
  watermark: string;
  /** How many records differ in all, those that only `into` holds included. */
  total: number;
  /** Records that differ but changed after that moment: they are looked at the next time. */
  unsettled: number;
  /** What `from` holds and `into` does not, or otherwise. */
  repairable: readonly Drift[];
  /** What only `into` holds. */
  extra: readonly Drift[];
  /** More records differ than a comparison keeps. */
  cut: boolean;
}

/**
 * Compares the two systems of a repair now, and once more what differed: a record on its way between them has arrived by then.
 * Throws UnavailableError when they could not be compared.
 */
export async function driftsOf(repair: Repair, targets: Targets, signal: AbortSignal): Promise<Drifts> {
  const { comparison, destination } = repair;
  const config = {
    ...comparison,
    destinations: comparison.destinations.filter(({ system }) => system === destination),
  };
  const [report] = await compareAside(config, { targets: asAdministrator(targets), signal });
  if (report?.outcome && report.failure === undefined) return read(repair, report.outcome);
  throw new UnavailableError(
    'repair.not-compared',
    `${comparison.name}: ${repair.from.system} and ${repair.into.system} could not be compared: ${report?.failure ?? 'no answer'}`,
    { mend: 'Nothing was changed. Mend the database or the query, and let it run again.' },
  );
}

/** Runbooks go straight to the databases. */
const asAdministrator = (targets: Targets): Targets =>
  Object.fromEntries(
    Object.entries(targets).map(([name, target]) => [
      name,
      (target.kind === 'postgres' || target.kind === 'mysql') && target.admin_url !== undefined
        ? { ...target, url: target.admin_url }
        : target,
    ]),
  );

function read(repair: Repair, { watermark, mismatched, unsettled, differences }: Outcome): Drifts {
  const drifts = differences.map((difference) => driftOf(repair, difference));
  const total = totalOf(mismatched);
  return {
    watermark: isoTime(watermark),
    total,
    unsettled,
    repairable: drifts.filter(({ after }) => after !== null),
    extra: drifts.filter(({ after }) => after === null),
    cut: total > drifts.length,
  };
}

function driftOf({ comparison, into }: Repair, difference: Difference): Drift {
  const { keys, inSource, inDestination } = difference;
  const [before, after] =
    into.system === comparison.source.system ? [inSource, inDestination] : [inDestination, inSource];
  return {
    keys: Object.fromEntries(comparison.keys.map((name, index) => [name, keys[index] ?? ''])),
    field: comparison.value,
    before,
    after,
  };
}
