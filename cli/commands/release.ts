import { userInfo } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../../kit/clock.ts';
import { parseDuration } from '../../kit/duration.ts';
import { UsageError } from '../../kit/errors.ts';
import { AuditLog } from '../../runbooks/audit/audit.ts';
import { promoteRelease, rollbackRelease, startRelease } from '../../runbooks/releases/by-hand.ts';
import { parseShare } from '../../runbooks/releases/config.ts';
import { openReleases, type Releases } from '../../runbooks/releases/open-releases.ts';
import type { Release } from '../../runbooks/releases/release.ts';
import { routerOf } from '../../runbooks/releases/release-world.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { exitCode } from '../exit-code.ts';
import { releaseLine, releaseText } from './release-text.ts';

type Options = CommonOptions & {
  target?: string;
  canary?: number;
  watch?: number;
  minSamples?: number;
  snapshot?: string[];
};

export function registerRelease(program: Command, context: Context): void {
  const release = program
    .command('release')
    .description('new versions: a few callers first, then all or none');
  const add = (
    name: string,
    description: string,
    act: (options: Options, version: string) => void | Promise<void>,
  ) =>
    release
      .command(name)
      .description(description)
      .option('--target <name>', 'the router (default: runbooks.releases.target)')
      .action(function (this: Command, version: unknown) {
        return act({ ...program.opts(), ...this.opts() }, String(version));
      });
  add(
    'start <version>',
    'take the snapshots, and give a version to a share of the callers',
    (options, version) => start(context, options, version),
  )
    .option('--canary <share>', 'the share of the callers that get it: 10%', shareOption)
    .option('--watch <time>', 'how long it is on trial: 24h', durationOption)
    .option('--min-samples <n>', 'requests without which it is not promoted', countOption)
    .option('--snapshot <set...>', 'the snapshot sets to take before, and to go back to');
  add('status', 'what is on trial, how it does, and what comes next', (options) => status(context, options));
  add('promote', 'give the version on trial to everybody now', (options) =>
    decide(context, options, promoteRelease),
  );
  add('rollback', 'take the newest version and its settings away from everybody', (options) =>
    decide(context, options, rollbackRelease),
  );
  add('list', 'all releases, newest first', (options) => list(context, options));
  add('watch', 'look at the releases until stopped; andon runbook serve does so, too', (options) =>
    watch(context, options),
  );
}

async function start(context: Context, options: Options, version: string): Promise<void> {
  using opened = open(context, options);
  const { target, canary: share, watch: watchMs, minSamples, snapshot: sets } = options;
  const wish = { version, actor: userInfo().username, target, share, watchMs, minSamples, sets };
  try {
    const release = await startRelease(wish, opened.releases.world, context.signal);
    report(context, options, release);
    // Nothing was released: a snapshot or the version itself is missing.
    if (release.state !== 'canary') context.exit(exitCode.unavailable);
    else if (!options.json)
      context.stdout.write('It is watched by: andon runbook serve (or: andon release watch)\n');
  } finally {
    opened.tell();
  }
}

async function decide(context: Context, options: Options, work: typeof promoteRelease): Promise<void> {
  using opened = open(context, options);
  try {
    const wish = { actor: userInfo().username, target: options.target };
    const release = await work(wish, opened.releases.world, context.signal);
    report(context, options, release);
    if (!['promoted', 'checking', 'rolled-back'].includes(release.state)) context.exit(exitCode.failed);
  } finally {
    opened.tell();
  }
}

async function status(context: Context, options: Options): Promise<void> {
  using opened = open(context, options);
  const { world } = opened.releases;
  const name = options.target ?? world.config.target;
  const router = await routerOf(world, name)
    .state(context.signal)
    .catch(() => undefined);
  const release = world.store.newest(name);
  if (options.json)
    context.stdout.write(
      `${JSON.stringify({ target: name, release: release ?? null, router: router ?? null })}\n`,
    );
  else context.stdout.write(releaseText(name, release, router));
}

function list(context: Context, options: Options): void {
  using opened = open(context, options);
  for (const release of opened.releases.world.store.list(100, options.target))
    report(context, options, release);
}

async function watch(context: Context, options: Options): Promise<void> {
  using opened = open(context, options);
  context.stdout.write(`${JSON.stringify({ ready: true })}\n`);
  await opened.releases.watcher.run(context.signal);
}

const report = (context: Context, options: Options, release: Release): unknown =>
  context.stdout.write(`${options.json ? JSON.stringify(release) : releaseLine(release)}\n`);

/** The releases, and the audit log that is told of them: what was stored is told also where a command fails. */
function open(context: Context, options: Options): Disposable & { releases: Releases; tell(): void } {
  const { config, file } = findConfig(context, options);
  const { runbooks, targets, prometheus } = config;
  if (!runbooks)
    throw new UsageError('runbook.not-configured', `${file} has no section runbooks:`, {
      mend: 'Add at least: runbooks: {token: "${file:runbooks-token}", releases: {target: NAME}}',
    });
  const stack = new DisposableStack();
  const audit = stack.use(new AuditLog(runbooks.audit, systemClock));
  const record = (event: string, data: Record<string, unknown>) => audit.append(event, data);
  const releases = stack.use(
    openReleases({
      ...{ config: runbooks, targets, prometheus: prometheus.url, record },
      ...{ fetch, clock: systemClock, log: context.log },
    }),
  );
  return {
    releases,
    tell: () => releases.world.store.tell(record),
    [Symbol.dispose]: () => stack.dispose(),
  };
}

function shareOption(text: string): number {
  const share = parseShare(text);
  if (share === undefined) throw new InvalidArgumentError('write a share of the callers: 10% or 0.1');
  return share;
}

function durationOption(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('write a duration: 30m or 24h');
  return ms;
}

function countOption(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 20)
    throw new InvalidArgumentError('write a whole number of 20 or more');
  return count;
}
