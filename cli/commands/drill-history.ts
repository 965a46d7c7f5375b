import { planOf } from '../../drills/catalog.ts';
import { CatalogueMisfit } from '../../drills/catalogue-misfit.ts';
import { drillsSection } from '../../drills/config.ts';
import { History, type PastRun } from '../../drills/history.ts';
import { type Overdue, overdueDrills } from '../../drills/overdue.ts';
import type { DrillVocabulary } from '../../drills/schema.ts';
import { systemClock } from '../../kit/clock.ts';
import { promDuration } from '../../kit/duration.ts';
import { UsageError } from '../../kit/errors.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { vocabularyOf } from '../drill-settings.ts';

/** The suite that every plant should have held lately. */
const rehearsed = 'monthly';

/** `andon drill history`: past runs, newest first, and which drills of the monthly suite are overdue. */
export function showHistory(context: Context, options: CommonOptions): void {
  using history = new History(context.home);
  const past = history.all();
  const { everyMs, configFile, vocabulary } = rehearsal(context, options);
  const all = planOf(rehearsed, vocabularyOf(undefined)).drills.map(({ name }) => name);
  const names = all.filter((name) => fits(name, vocabulary));
  const overdue = overdueDrills(names, past, { now: systemClock.now(), everyMs, configFile });
  const held = `within ${promDuration(everyMs)}; hold them with: andon drill run ${names.length === all.length ? rehearsed : 'NAME'}`;
  const lines = options.json ? jsonLines(past, overdue) : textLines(past, overdue, held);
  context.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** The plant's own limit, which configuration it is, and what a drill can name there; the default where there is none. */
function rehearsal(
  context: Context,
  options: CommonOptions,
): { everyMs: number; configFile: string | undefined; vocabulary: DrillVocabulary } {
  try {
    const { file, config } = findConfig(context, options);
    return { everyMs: config.drills.rehearse_every, configFile: file, vocabulary: vocabularyOf(config) };
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'config.none') throw error;
    const { rehearse_every: everyMs } = drillsSection.parse({});
    return { everyMs, configFile: undefined, vocabulary: vocabularyOf(undefined) };
  }
}

/** A drill that this plant cannot hold is not overdue there. */
function fits(drill: string, vocabulary: DrillVocabulary): boolean {
  try {
    return planOf(drill, vocabulary).drills.length > 0;
  } catch (error) {
    if (error instanceof CatalogueMisfit) return false;
    throw error;
  }
}

const jsonLines = (past: readonly PastRun[], overdue: readonly Overdue[]): string[] => [
  ...past.map((run) => JSON.stringify(run)),
  ...overdue.map(({ drill, lastPassedAt }) => JSON.stringify({ overdue: drill, lastPassedAt })),
];

function textLines(past: readonly PastRun[], overdue: readonly Overdue[], held: string): string[] {
  const runs = past.map(({ startedAt, verdict, score, drill, dir }) => {
    const points = String(Math.round(score ?? 0)).padStart(3);
    return `${startedAt}  ${(verdict ?? 'cut off').padEnd(8)} ${points}  ${drill.padEnd(20)} ${dir}`;
  });
  if (overdue.length === 0) return runs;
  return [
    ...(runs.length === 0 ? ['No drill was held here yet.'] : runs),
    '',
    `Overdue (not passed ${held}):`,
    ...overdue.map(({ drill, lastPassedAt }) => `  ${drill.padEnd(20)} ${lastPassedAt ?? 'never'}`),
  ];
}
