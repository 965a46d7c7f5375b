import { Command, CommanderError } from 'commander';
import { AndonError, messageOf } from '../kit/errors.ts';
import { registerAlerts } from './commands/alerts.ts';
import { registerDashboards } from './commands/dashboards.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerDrill } from './commands/drill.ts';
import { registerExporter } from './commands/exporter.ts';
import { registerLab } from './commands/lab.ts';
import { registerLinks } from './commands/links.ts';
import { registerReport } from './commands/report.ts';
import { registerRunbook } from './commands/runbook.ts';
import { registerSnapshot } from './commands/snapshot.ts';
import { listenForSignals, makeContext, type Outside } from './context.ts';
import { exitCode, exitCodeOf } from './exit-code.ts';
import { version } from './version.ts';

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
  const registers = [
    registerLab,
    registerDrill,
    registerReport,
    registerExporter,
    registerAlerts,
    registerDashboards,
    registerRunbook,
    registerSnapshot,
    registerDoctor,
    registerLinks,
  ];
  for (const register of registers) register(program, context);
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
