import type { Clock } from '../../kit/clock.ts';
import { promDuration } from '../../kit/duration.ts';
import { messageOf } from '../../kit/errors.ts';
import type { Targets } from '../../kit/targets.ts';
import type { DatabaseTarget } from '../databases/sessions.ts';
import type { ComparisonConfig, SystemConfig } from './config.ts';
import { type Counts, DifferenceList } from './difference-list.ts';
import { holdingsOf } from './holdings.ts';
import type { Keys } from './keys.ts';
import { type Difference, type Merged, merge } from './merge.ts';
import type { Side } from './ordered-cursor.ts';
import { readAhead } from './read-ahead.ts';
import { rowsOf } from './rows.ts';
import { timeoutOf } from './timeout.ts';
import { watermarkAt } from './watermark.ts';

/** What a finished comparison found out about one destination. Times are milliseconds since the epoch. */
export interface Outcome {
  readonly watermark: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  /** Records in source or destination (material, batch), and in both (quantity): what each count of differences is a part of. */
  readonly compared: Counts;
  readonly mismatched: Counts;
  readonly unsettled: number;
  /** Whether the differences were looked at twice. */
  readonly rechecked: boolean;
  /** The first of the differences, ordered by key. */
  readonly differences: readonly Difference[];
}

/** One destination of a comparison: what was found, or why nothing could be. */
export interface DestinationReport {
  readonly destination: string;
  readonly outcome?: Outcome | undefined;
  readonly failure?: string | undefined;
}

export interface ComparisonContext {
  readonly targets: Targets;
  readonly clock: Clock;
  /** Ends the comparison: then it rejects with the reason. */
  readonly signal: AbortSignal;
  /** Told that so many differing records will be looked at once more. */
  readonly onRecheck?: (records: number) => void;
}

/** One pass over source and some destinations. */
interface Pass {
  readonly merged: Merged;
  readonly list: DifferenceList;
}

/**
 * Compares the destinations with the source as of one time point, and once more what differed. What cannot be compared is part
 * of the report and no exception; it rejects only when the caller ends it.
 */
export async function compareSystems(
  config: ComparisonConfig,
  context: ComparisonContext,
): Promise<DestinationReport[]> {
  const limit = timeoutOf(config);
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`the comparison was not over within ${promDuration(limit)}`)),
    limit,
  );
  const signal = AbortSignal.any([context.signal, late.signal]);
  try {
    const reports = await new Comparison(config, { ...context, signal }).run();
    context.signal.throwIfAborted();
    return reports;
  } catch (error) {
    if (context.signal.aborted) throw context.signal.reason;
    const failure = messageOf(error);
    return config.destinations.map(({ system }) => ({ destination: system, failure }));
  } finally {
    clearTimeout(timer);
  }
}

class Comparison {
  readonly #config: ComparisonConfig;
  readonly #context: ComparisonContext;
  readonly #startedAt: number;
  readonly #watermark: number;

  constructor(config: ComparisonConfig, context: ComparisonContext) {
    this.#config = config;
    this.#context = context;
    this.#startedAt = context.clock.now();
    this.#watermark = watermarkAt(this.#startedAt, config.settle);
  }

  async run(): Promise<DestinationReport[]> {
    const { destinations, recheck_after } = this.#config;
    const first = await this.#pass(destinations);
    const doubtful = recheck_after > 0 ? first.filter(isDoubtful) : [];
    if (doubtful.length === 0) return first.map((pass) => this.#report(pass, false));
    this.#context.onRecheck?.(doubtful.reduce((sum, { list }) => sum + list.total, 0));
    await this.#context.clock.sleep(recheck_after, this.#context.signal);
    const second = await this.#recheck(doubtful);
    return first.map((pass) => {
      const again = second.find(({ merged }) => merged.destination === pass.merged.destination);
      return this.#report(again ?? pass, again !== undefined);
    });
  }

  /** The same time point once more. Only what differed both times counts: a straggler has arrived meanwhile. */
  #recheck(doubtful: readonly Pass[]): Promise<Pass[]> {
    const names = new Set(doubtful.map(({ merged }) => merged.destination));
    const before = new Set(doubtful.flatMap(({ list }) => list.kept.map(identity)));
    const again = this.#config.destinations.filter(({ system }) => names.has(system));
    return this.#pass(again, (difference) => before.has(identity(difference)));
  }

  async #pass(
    destinations: readonly SystemConfig[],
    counts: (difference: Difference) => boolean = () => true,
  ): Promise<Pass[]> {
    const { keep, source, tolerance } = this.#config;
    const lists = new Map(destinations.map(({ system }) => [system, new DifferenceList(keep)]));
    // Ends whatever is still being read when this pass is over, however that came.
    const over = new AbortController();
    const signal = AbortSignal.any([this.#context.signal, over.signal]);
    try {
      const merged = await merge({
        source: this.#side(source, signal),
        destinations: destinations.map((system) => this.#side(system, signal)),
        tolerance,
        found: (difference) => {
          if (counts(difference)) lists.get(difference.destination)?.add(difference);
        },
      });
      return merged.map((one) => ({
        merged: one,
        list: lists.get(one.destination) ?? new DifferenceList(0),
      }));
    } finally {
      over.abort(new Error('this pass is over'));
    }
  }

  #side({ system, target, sql }: SystemConfig, signal: AbortSignal): Side {
    const { keys, value } = this.#config;
    const limitMs = timeoutOf(this.#config);
    const { clock, targets } = this.#context;
    // Half of the time, so that one that has stopped answering leaves enough for the others.
    const patienceMs = Math.ceil(limitMs / 2);
    const question = { sql, watermark: this.#watermark, patienceMs, limitMs, signal, clock };
    const rows = rowsOf(databaseOf(targets, target), question);
    return { system, holdings: readAhead(holdingsOf(rows, { system, target, keys, value })) };
  }

  #report({ merged, list }: Pass, rechecked: boolean): DestinationReport {
    const { destination, failure, records, inBoth, unsettled } = merged;
    if (failure !== undefined) return { destination, failure: messageOf(failure) };
    const outcome: Outcome = {
      watermark: this.#watermark,
      startedAt: this.#startedAt,
      finishedAt: this.#context.clock.now(),
      compared: { material: records, batch: records, quantity: inBoth },
      mismatched: list.counts,
      unsettled,
      rechecked,
      differences: list.kept,
    };
    return { destination, outcome };
  }
}

/** Few enough differences to be stragglers. With more than are kept, it is not known which they were. */
const isDoubtful = ({ merged, list }: Pass): boolean =>
  merged.failure === undefined && list.total > 0 && !list.isCut;

const identity = ({ destination, keys }: { destination: string; keys: Keys }): string =>
  JSON.stringify([destination, ...keys]);

/** Names and kinds were checked when andon.yaml was read. */
function databaseOf(targets: Targets, name: string): DatabaseTarget {
  const target = targets[name];
  if (target?.kind === 'postgres' || target?.kind === 'mysql') return target;
  throw new Error(`the target "${name}" is no database`);
}
