import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import type { NotifyConfig } from '../../alerts/notify/config.ts';
import type { DeadLetter } from '../../alerts/notify/dead-letters.ts';
import { acknowledge } from '../../alerts/notify/escalation.ts';
import { contactOf, notifyServiceOptions } from '../../alerts/notify/from-config.ts';
import type { Occurrence } from '../../alerts/notify/occurrence.ts';
import { plainReason, plainText } from '../../alerts/notify/plain-text.ts';
import { startNotifyService } from '../../alerts/notify/service.ts';
import { NotifyStore } from '../../alerts/notify/store.ts';
import { testMessage } from '../../alerts/notify/test-message.ts';
import { isoTime, systemClock } from '../../kit/clock.ts';
import { UnavailableError, UsageError } from '../../kit/errors.ts';
import { closest } from '../../kit/spelling.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { exitCode } from '../exit-code.ts';
import { untilStopped } from '../until-stopped.ts';

/** A mail server far away; nobody waits longer than this for a test. */
const testLimitMs = 20_000;

export function registerNotify(program: Command, context: Context): void {
  const notify = program
    .command('notify')
    .description('tells people of alerts: WeCom, DingTalk, webhook, e-mail');
  const common = () => program.opts<CommonOptions>();
  notify
    .command('serve')
    .description("receive Alertmanager's webhook and tell the receivers of andon.yaml")
    .action(() => serve(context, common()));
  notify
    .command('failed')
    .description('what could not be delivered and was given up, and why')
    .action(() => failed(context, common()));
  notify
    .command('retry [id]')
    .description('queue a dead letter again, with all others of the same alert and receiver')
    .option('--all', 'every dead letter')
    .action((id: string | undefined, { all = false }: { all?: boolean }) =>
      retry(context, common(), id, all),
    );
  notify
    .command('ack [id]')
    .description(
      'say that somebody has an alert, so that nobody else is told; without an ID, list those that wait',
    )
    .option('--by <name>', 'who has it (default: the user of this computer)')
    .action((id: string | undefined, { by }: { by?: string }) => ack(context, common(), id, by));
  notify
    .command('test <receiver>')
    .description('send one message that is marked as a test, and say what the receiver answered')
    .action((receiver: string) => test(context, common(), receiver));
}

function configured(context: Context, options: CommonOptions): { notify: NotifyConfig; timezone: string } {
  const { config, file } = findConfig(context, options);
  if (config.notify) {
    const store = path.resolve(context.cwd, config.notify.store);
    return { notify: { ...config.notify, store }, timezone: config.alerts.shifts.timezone };
  }
  throw new UsageError('notify.not-configured', `${file} has no section notify:`, {
    mend: 'Add at least a token and one receiver; docs/alerts/notify.md has an example.',
  });
}

const toolsOf = (context: Context, timezone: string) => ({
  fetch: globalThis.fetch,
  clock: systemClock,
  log: context.log,
  timezone,
});

async function serve(context: Context, options: CommonOptions): Promise<void> {
  const { notify, timezone } = configured(context, options);
  await using service = await startNotifyService(notifyServiceOptions(notify, toolsOf(context, timezone)));
  await untilStopped(context, { ready: true, url: service.url });
}

function openStore(context: Context, options: CommonOptions): NotifyStore {
  const { store } = configured(context, options).notify;
  if (existsSync(store)) return new NotifyStore(store);
  throw new UnavailableError('notify.no-store', `there is no ${store}`, {
    mend: 'Run this where andon notify serve runs, with the same andon.yaml, once it has been started.',
  });
}

function failed(context: Context, options: CommonOptions): void {
  using store = openStore(context, options);
  const letters = store.deadLetters.list();
  for (const letter of letters) context.stdout.write(`${options.json ? json(letter) : line(letter)}\n`);
  if (letters.length === 0 && !options.json && !options.quiet)
    context.stdout.write('Nothing has failed for good.\n');
}

const json = ({ queuedAt, diedAt, ...rest }: DeadLetter): string =>
  JSON.stringify({ ...rest, queuedAt: isoTime(queuedAt), diedAt: isoTime(diedAt) });

const line = ({ id, receiver, tier, event, alert, reason, diedAt }: DeadLetter): string =>
  `${String(id).padStart(6)}  ${isoTime(diedAt)}  ${tier}  ${receiver}: ${event} ${plainText(alert)}: ${reason}`;

function retry(context: Context, options: CommonOptions, id: string | undefined, all: boolean): void {
  if ((id === undefined) === !all)
    throw new UsageError('notify.retry', 'name one ID, or --all', {
      mend: 'IDs stand in: andon notify failed',
    });
  using store = openStore(context, options);
  const number = id === undefined ? undefined : numberOf(id);
  const count = store.transaction(() => store.deadLetters.retry(number, systemClock.now()));
  if (count === 0 && !all)
    throw new UsageError('notify.retry', `there is no dead letter ${id}`, {
      mend: 'IDs stand in: andon notify failed',
    });
  context.stdout.write(options.json ? `${JSON.stringify({ queued: count })}\n` : `${count} queued again.\n`);
}

function ack(
  context: Context,
  options: CommonOptions,
  id: string | undefined,
  by = userInfo().username,
): void {
  using store = openStore(context, options);
  if (id === undefined) {
    for (const waiting of store.occurrences.unacknowledged())
      context.stdout.write(`${waitingText(waiting, options.json)}\n`);
    return;
  }
  if (!acknowledge(store, numberOf(id), plainText(by, 80), systemClock.now()))
    throw new UsageError('notify.ack', `no alert with the ID ${id} waits for anybody`, {
      mend: 'Those that wait are listed by: andon notify ack',
    });
  if (!options.quiet) context.stdout.write('Acknowledged; nobody else is told.\n');
}

function waitingText({ id, tier, firing, firstSeen }: Occurrence, asJson = false): string {
  const { alertname = '' } = firing?.labels ?? {};
  const since = isoTime(firstSeen);
  if (asJson) return JSON.stringify({ id, tier, alert: alertname, since, labels: firing?.labels });
  return `${String(id).padStart(6)}  ${since}  ${tier}  ${plainText(alertname)}  ${plainText(firing?.annotations.summary ?? '')}`;
}

function numberOf(id: string): number {
  if (/^\d{1,15}$/.test(id)) return Number(id);
  throw new UsageError('notify.id', `"${id}" is no ID; it is a number`);
}

async function test(context: Context, options: CommonOptions, name: string): Promise<void> {
  const { notify, timezone } = configured(context, options);
  const receiver = notify.receivers.find((each) => each.name === name);
  if (receiver === undefined) {
    const names = notify.receivers.map((each) => each.name);
    const near = closest(name, names);
    throw new UsageError('notify.receiver', `no receiver is called "${name}"`, {
      mend: near ? `Did you mean "${near}"?` : `Known are ${names.join(', ')}.`,
    });
  }
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(testLimitMs)]);
  const { channel } = contactOf(receiver, toolsOf(context, timezone));
  const result = plainReason(await channel.send(testMessage(name, systemClock.now()), signal));
  const text = result.outcome === 'delivered' ? 'delivered' : `${result.outcome}: ${result.reason}`;
  context.stdout.write(
    `${options.json ? JSON.stringify({ receiver: name, ...result }) : `${name}: ${text}`}\n`,
  );
  if (result.outcome !== 'delivered') context.exit(exitCode.failed);
}
