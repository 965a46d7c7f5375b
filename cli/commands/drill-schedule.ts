import path from 'node:path';
import { type DrillPlan, planOf } from '../../drills/catalog.ts';
import { planSchedule, type Schedule } from '../../drills/schedule/plan-schedule.ts';
import { cronLine, type ScheduledCommand, systemdUnits } from '../../drills/schedule/render.ts';
import { dayOfSchedule } from '../../drills/schedule/rule.ts';
import { longestMs, settleMs } from '../../drills/schema.ts';
import { isoTime, systemClock } from '../../kit/clock.ts';
import { promDuration } from '../../kit/duration.ts';
import { UsageError } from '../../kit/errors.ts';
import { wallClock } from '../../kit/wall-clock.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { vocabularyOf } from '../drill-settings.ts';

export interface ScheduleOptions extends CommonOptions {
  monthly?: boolean;
  weekly?: boolean;
  on?: string;
  at?: string;
  yesProduction?: string[];
}

/** `andon drill schedule ID`: prints the timer for systemd and the line for cron, and when they will run. Installs nothing. */
export function showSchedule(context: Context, options: ScheduleOptions, id: string): void {
  const wish = wishOf(options);
  const { file, config } = findConfig(context, options);
  const plan = planOf(id, vocabularyOf(config));
  const broken = new Set(plan.drills.flatMap(({ drill }) => drill.method.map(({ target }) => target)));
  const production = [...broken].filter((name) => config.targets[name]?.production);
  refuseUnconfirmed(production, options.yesProduction ?? []);
  const neededMs = plan.drills.reduce((sum, { drill }) => sum + longestMs(drill) + settleMs, 0);
  const { shifts } = config.alerts;
  const { windows, windows_in_shift } = config.drills;
  const schedule = planSchedule(
    wish,
    { shifts, windows, windowsInShift: windows_in_shift },
    { now: systemClock.now(), neededMs, production: production.length > 0 },
  );
  const command = commandOf(context, plan, { id, file, production });
  if (options.json) context.stdout.write(`${JSON.stringify(asJson(schedule, command, neededMs))}\n`);
  else context.stdout.write(asText(schedule, command, neededMs));
}

function wishOf({ monthly, weekly, on, at }: ScheduleOptions) {
  if (monthly && weekly)
    throw new UsageError('schedule.interval', '--monthly and --weekly exclude each other', {
      mend: 'Leave one of them out.',
    });
  const day = on === undefined ? undefined : dayOfSchedule.safeParse(on);
  if (day?.error) throw new UsageError('schedule.day', day.error.issues[0]?.message ?? '');
  if (weekly && day?.data.week !== undefined)
    throw new UsageError('schedule.day', `--weekly has no "${day.data.week}" week`, {
      mend: 'Name the day alone.',
    });
  if (at !== undefined && !/^([01]\d|2[0-3]):[0-5]\d$/.test(at))
    throw new UsageError('schedule.time', `"${at}" is no time of day`, { mend: 'Write it as in 10:00.' });
  return { week: day?.data.week, weekday: day?.data.weekday, time: at, monthly: !weekly };
}

/** A timer cannot answer a question: who schedules a drill of production confirms it here. */
function refuseUnconfirmed(production: readonly string[], confirmed: readonly string[]): void {
  const missing = production.filter((name) => !confirmed.includes(name));
  if (missing.length === 0) return;
  throw new UsageError('schedule.production', `this would break production: ${missing.join(', ')}`, {
    mend: `If that is meant, add: --yes-production ${missing.join(' ')}`,
  });
}

function commandOf(
  { self, cwd }: Context,
  plan: DrillPlan,
  { id, file, production }: { id: string; file: string; production: string[] },
): ScheduledCommand {
  const what = /[/\\]|\.ya?ml$/.test(id) ? path.resolve(cwd, id) : id;
  const confirm = production.length > 0 ? ['--yes-production', ...production] : [];
  return {
    id: plan.suite?.id ?? plan.drills[0]?.drill.id ?? id,
    argv: [self.command, ...self.args, 'drill', 'run', what, '--config', file, '--quiet', ...confirm],
    folder: cwd,
  };
}

function plantTime(timezone: string, ms: number): string {
  const { date, time } = wallClock(timezone)(ms);
  return `${date} ${time}`;
}

const asJson = ({ rule, next }: Schedule, command: ScheduledCommand, neededMs: number) => ({
  ...rule,
  next: next.map(isoTime),
  longestSeconds: neededMs / 1000,
  systemd: systemdUnits(rule, command),
  cron: cronLine(rule, command),
});

function asText({ rule, next }: Schedule, command: ScheduledCommand, neededMs: number): string {
  const units = Object.entries(systemdUnits(rule, command));
  const timer = units.at(-1)?.[0];
  return [
    `${command.id}, ${rule.week === undefined ? 'every' : `every ${rule.week}`} ${rule.weekday} at ${rule.time} (${rule.timezone}); it takes at most ${promDuration(neededMs)}.`,
    '',
    'Next:',
    ...next.map((ms) => `  ${plantTime(rule.timezone, ms)}  (${isoTime(ms)})`),
    ...units.flatMap(([name, text]) => ['', `# /etc/systemd/system/${name}`, text.trimEnd()]),
    '',
    `# then: systemctl daemon-reload && systemctl enable --now ${timer}`,
    '',
    '# or, where there is no systemd, in a crontab (crontab -e):',
    cronLine(rule, command).trimEnd(),
    '',
  ].join('\n');
}
