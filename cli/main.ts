import { Command, CommanderError } from 'commander';
import { AndonError, messageOf } from '../kit/errors.ts';
import { startTracing } from '../kit/tracing-start.ts';
import { type Context, listenForSignals, makeContext, type Outside } from './context.ts';
import { exitCode, exitCodeOf } from './exit-code.ts';
import { version } from './version.ts';

type Register = (program: Command, context: Context) => void;

/** Each command loads only when it is meant: a plant's exporter need not carry the report's plotting library. */
const commands: Record<string, () => Promise<Register>> = {
  lab: async () => (await import('./commands/lab.ts')).registerLab,
  drill: async () => (await import('./commands/drill.ts')).registerDrill,
  report: async () => (await import('./commands/report.ts')).registerReport,
  exporter: async () => (await import('./commands/exporter.ts')).registerExporter,
  alerts: async () => (await import('./commands/alerts.ts')).registerAlerts,
  dashboards: async () => (await import('./commands/dashboards.ts')).registerDashboards,
  runbook: async () => (await import('./commands/runbook.ts')).registerRunbook,
  notify: async () => (await import('./commands/notify.ts')).registerNotify,
  release: async () => (await import('./commands/release.ts')).registerRelease,
  snapshot: async () => (await import('./commands/snapshot.ts')).registerSnapshot,
  consistency: async () => (await import('./commands/consistency.ts')).registerConsistency,
  doctor: async () => (await import('./commands/doctor.ts')).registerDoctor,
  links: async () => (await import('./commands/links.ts')).registerLinks,
};

/** The command that the first plain word names. */
function commandIn(argv: readonly string[]): string | undefined {
  const word = argv.find((text, index) => !text.startsWith('-') && argv[index - 1] !== '--config');
  return word !== undefined && Object.hasOwn(commands, word) ? word : undefined;
}

/** The command that is named; all of them where none is, for help and for "did you mean". */
function needed(name: string | undefined): (() => Promise<Register>)[] {
  const named = name === undefined ? undefined : commands[name];
  return named ? [named] : Object.values(commands);
}

const afterHelp = `
Exit codes: 0 all expectations came true; 1 one did not; 2 bad usage or file, nothing touched; 3 could not run;
            4 stopped by a guardrail or a signal, healed; 5 residue: something could not be undone.

First steps: andon drill run headline --lab     a practice plant, three outages, and their reports`;

/** The whole command line: returns the exit code and never throws. */
export async function main(argv: readonly string[], outside: Outside): Promise<number> {
  let code: number = exitCode.ok;
  using signals = listenForSignals(outside.stderr);
  const context = makeContext(outside, signals.signal, (wanted) => {
    code = Math.max(code, wanted);
  });
  const program = new Command('andon')
    .description(
      'The light over the line for the systems behind it: alerts, runbooks and outage drills for factories.',
    )
    .version(version, '-V, --version', 'print the version')
    .option('--config <file>', 'andon.yaml (default: the one here, else the running lab)')
    .option('--json', 'NDJSON events or JSON on stdout')
    .option('--quiet', 'only results')
    .option('--no-color', 'no colours')
    .addHelpText('after', afterHelp)
    .showHelpAfterError()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => outside.stdout.write(text),
      writeErr: (text) => outside.stderr.write(text),
    });
  const name = commandIn(argv);
  const service = name === undefined ? 'andon' : `andon-${name}`;
  await using _tracing = await startTracing({ env: outside.env, service, version, log: context.log });
  for (const load of needed(name)) (await load())(program, context);
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
    tell(outside, error);
    return Math.max(code, exitCodeOf(error));
  }
}

function tell({ stderr, env }: Outside, error: unknown): void {
  stderr.write(`${messageOf(error)}\n`);
  if (error instanceof AndonError) {
    if (error.mend !== undefined) stderr.write(`${error.mend}\n`);
  } else if (error instanceof Error && env.ANDON_LOG === 'debug') {
    stderr.write(`${error.stack}\n`);
  }
}
