import { catalogue, planOf } from '../../drills/catalog.ts';
import { drillsSection } from '../../drills/config.ts';
import { History, type PastRun } from '../../drills/history.ts';
import { type Overdue, overdueDrills } from '../../drills/overdue.ts';
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
  const { everyMs, configFile } = rehearsal(context, options);
  const names = catalogue().suites.includes(rehearsed)
    ? planOf(rehearsed, vocabularyOf(undefined)).drills.map(({ name }) => name)
    : [];
  const overdue = overdueDrills(names, past, { now: systemClock.now(), everyMs, configFile });
  const lines = options.json ? jsonLines(past, overdue) : textLines(past, overdue, everyMs);
  context.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** The plant's own limit, and which configuration it is; the default where there is none. */
function rehearsal(
  context: Context,
  options: CommonOptions,
): { everyMs: number; configFile: string | undefined } {
  try {
    const { file, config } = findConfig(context, options);
    return { everyMs: config.drills.rehearse_every, configFile: file };
  } catch (error) {
    if (!(error instanceof UsageError) || error.code !== 'config.none') throw error;
    return { everyMs: drillsSection.parse({}).rehearse_every, configFile: undefined };
  }
}

const jsonLines = (past: readonly PastRun[], overdue: readonly Overdue[]): string[] => [
  ...past.map((run) => JSON.stringify(run)),
  ...overdue.map(({ drill, lastPassedAt }) => JSON.stringify({ overdue: drill, lastPassedAt })),
];

function textLines(past: readonly PastRun[], overdue: readonly Overdue[], everyMs: number): string[] {
  const runs = past.map(({ startedAt, verdict, score, drill, dir }) => {
    const points = String(Math.round(score ?? 0)).padStart(3);
    return `${startedAt}  ${(verdict ?? 'cut off').padEnd(8)} ${points}  ${drill.padEnd(20)} ${dir}`;
  });
  if (overdue.length === 0) return runs;
  return [
    ...(runs.length === 0 ? ['No drill was held here yet.'] : runs),
    '',
    `Overdue (not passed within ${promDuration(everyMs)}; hold them with: andon drill run ${rehearsed}):`,
    ...overdue.map(({ drill, lastPassedAt }) => `  ${drill.padEnd(20)} ${lastPassedAt ?? 'never'}`),
  ];
}
