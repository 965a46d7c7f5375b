import path from 'node:path';
import type { Command } from 'commander';
import type { AndonConfig } from '../../config/andon-config.ts';
import { UndoLog } from '../../drills/undo-log.ts';
import { systemClock } from '../../kit/clock.ts';
import { AndonError, messageOf } from '../../kit/errors.ts';
import { findProgram } from '../../lab/programs.ts';
import { labStatus } from '../../lab/status.ts';
import { findK6 } from '../../loadtests/find-k6.ts';
import { brokenOffRollbacks } from '../../runbooks/snapshots/interrupted.ts';
import type { SnapshotSets } from '../../runbooks/snapshots/set.ts';
import { type CommonOptions, type Context, findConfig } from '../context.ts';
import { exitCode } from '../exit-code.ts';
import { runbookTrust } from '../runbook-trust.ts';
import { version } from '../version.ts';

interface Finding {
  what: string;
  ok: boolean;
  text: string;
}

export function registerDoctor(program: Command, context: Context): void {
  program
    .command('doctor')
    .description(
      'is everything here that a lab and a drill need, is nothing left of an earlier drill or rollback, what may runbooks do',
    )
    .action(() => examine(context, program.opts()));
}

async function examine(context: Context, options: CommonOptions): Promise<void> {
  const { json } = options;
  const pathList = context.env.PATH ?? '';
  const findings: Finding[] = [
    { what: 'andon', ok: true, text: `${version} on Node ${process.versions.node}` },
    ...(['rabbitmq-server', 'prometheus', 'prometheus-alertmanager', 'promtool', 'amtool'] as const).map(
      (program) => look(program, () => findProgram(program, pathList)),
    ),
    look('k6', () => findK6(pathList)),
    residue(context),
    {
      what: 'lab',
      ok: true,
      text: labStatus(path.join(context.home, 'lab')).running ? 'is running' : 'is not running',
    },
    ...(await runbooks(context, options)),
  ];
  for (const finding of findings) {
    context.stdout.write(
      json
        ? `${JSON.stringify(finding)}\n`
        : `${finding.ok ? '✓' : '✗'} ${finding.what.padEnd(24)} ${finding.text}\n`,
    );
  }
  if (findings.some(({ ok }) => !ok)) context.exit(exitCode.unavailable);
}

function look(what: string, find: () => string): Finding {
  try {
    return { what, ok: true, text: find() };
  } catch (error) {
    const mend = error instanceof AndonError ? error.mend : undefined;
    return { what, ok: false, text: mend ?? messageOf(error) };
  }
}

/** What stands in andon.yaml about runbooks: where their service is, and the snapshots that they go back to. */
async function runbooks(context: Context, options: CommonOptions): Promise<Finding[]> {
  try {
    const { config } = findConfig(context, options);
    return [...snapshots(config.runbooks?.snapshots ?? {}), ...(await trust(config))];
  } catch (error) {
    if (error instanceof AndonError && error.code === 'config.none') return [];
    return [{ what: 'andon.yaml', ok: false, text: messageOf(error) }];
  }
}

/** What runbooks may do without a person. That one must still be proven is no trouble of this computer. */
async function trust(config: AndonConfig): Promise<Finding[]> {
  try {
    const known = await runbookTrust(config);
    return known.map(({ id, text }) => ({ what: `runbook ${id}`, ok: true, text }));
  } catch (error) {
    return [{ what: 'runbook service', ok: false, text: messageOf(error) }];
  }
}

const snapshots = (sets: SnapshotSets): Finding[] =>
  brokenOffRollbacks(sets).map(({ set, what, mend }) => ({
    ...{ what: `snapshots of ${set}`, ok: false, text: `${what}. ${mend}` },
  }));

function residue({ home }: Context): Finding {
  const open = new UndoLog(path.join(home, 'undo-log.ndjson'), systemClock).pending();
  const what = 'residue of drills';
  if (open.length === 0) return { what, ok: true, text: 'none' };
  const list = open.map(({ fault, target, run }) => `${fault} on ${target} (run ${run})`).join(', ');
  return { what, ok: false, text: `${list}; undo it with: andon drill clean` };
}
