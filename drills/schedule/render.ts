import { type Weekday, weekdays } from '../../kit/wall-clock.ts';
import type { ScheduleRule, WeekOfMonth } from './rule.ts';

/** What is run on schedule. */
export interface ScheduledCommand {
  /** Of the drill or suite: names the unit. */
  id: string;
  /** Program and arguments. */
  argv: readonly string[];
  /** The folder with andon.yaml and `.andon`. */
  folder: string;
}

const days: Record<WeekOfMonth, string> = {
  first: '01..07',
  second: '08..14',
  third: '15..21',
  fourth: '22..28',
  last: '~07/1',
};
const cronDays: Record<Exclude<WeekOfMonth, 'last'>, [number, number]> = {
  first: [1, 7],
  second: [8, 14],
  third: [15, 21],
  fourth: [22, 28],
};

/**
 * A systemd service with its timer (systemd.time(7)), as the text of the two files. Stopping the service heals: the runner alone
 * gets the signal. `KillMode=process` leaves its watchdog and leashes to their work when it dies; they end by themselves.
 */
export function systemdUnits(
  rule: ScheduleRule,
  { id, argv, folder }: ScheduledCommand,
): Record<string, string> {
  const name = `andon-drill-${id}`;
  return {
    [`${name}.service`]: `[Unit]
Description=Andon drill ${id}
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
WorkingDirectory=${folder.replaceAll('%', '%%')}
ExecStart=${argv.map(systemdQuoted).join(' ')}
KillMode=process
KillSignal=SIGINT
TimeoutStopSec=120
`,
    [`${name}.timer`]: `[Unit]
Description=When the Andon drill ${id} is held

[Timer]
OnCalendar=${onCalendar(rule)}
# One that was missed is not made up for at another time of day.
Persistent=false

[Install]
WantedBy=timers.target
`,
  };
}

/** As in \`Sat *-*-01..07 10:00:00 Asia/Shanghai\`. */
export function onCalendar({ week, weekday, time, timezone }: ScheduleRule): string {
  const day = week === undefined ? '-*' : week === 'last' ? days.last : `-${days[week]}`;
  return `${short(weekday)} *-*${day} ${time}:00 ${timezone}`;
}

/**
 * A line of a crontab. Debian's cron knows no time zone but that of the computer, so the line looks each minute whether it is time on
 * the wall clock of the plant.
 */
export function cronLine(
  { week, weekday, time, timezone }: ScheduleRule,
  { argv, folder }: ScheduledCommand,
): string {
  const date = `TZ=${shellQuoted(timezone)} date`;
  const isTime = `[ "$(${date} '+%u %H:%M')" = "${weekdays.indexOf(weekday) + 1} ${time}" ]`;
  const run = `cd ${shellQuoted(folder)} && ${argv.map(shellQuoted).join(' ')}`;
  const command = [isTime, ...(week === undefined ? [] : [isWeek(week, date)]), run].join(' && ');
  return `* * * * * ${command.replaceAll('%', '\\%')}\n`;
}

/** Whether today is in that week of the month, for a shell. */
function isWeek(week: WeekOfMonth, date: string): string {
  if (week === 'last') return `[ "$(${date} -d '+7 days' +%m)" != "$(${date} +%m)" ]`;
  const [first, last] = cronDays[week];
  return `[ "$(${date} +%-d)" -ge ${first} ] && [ "$(${date} +%-d)" -le ${last} ]`;
}

const short = (weekday: Weekday): string => `${weekday[0]?.toUpperCase()}${weekday.slice(1, 3)}`;

/** systemd.service(5): quotes and backslashes as in C, and % begins a specifier, $ a variable. */
const systemdQuoted = (word: string): string => {
  const text = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  return /^[\w@+=:,./%$-]+$/.test(text) ? text : `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
};

const shellQuoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
