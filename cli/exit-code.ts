import type { Report } from '../drills/report/schema.ts';
import { ResidueError, StoppedError, UnavailableError, UsageError } from '../kit/errors.ts';

/** What the exit code of `andon` means; written in README and in `andon --help`. */
export const exitCode = { ok: 0, failed: 1, usage: 2, unavailable: 3, stopped: 4, residue: 5 } as const;

/** The code for anything thrown. An error that nobody foresaw counts as "it could not run". */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCode.usage;
  if (error instanceof StoppedError) return exitCode.stopped;
  if (error instanceof ResidueError) return exitCode.residue;
  if (error instanceof UnavailableError) return exitCode.unavailable;
  return exitCode.unavailable;
}

/** The code for one drill's outcome; residue is worse than anything else. */
export function exitCodeOfReport(report: Report): number {
  if (report.faults.some(({ residue }) => residue.length > 0)) return exitCode.residue;
  const codes = {
    passed: exitCode.ok,
    failed: exitCode.failed,
    aborted: exitCode.stopped,
    'not-run': exitCode.unavailable,
  };
  return codes[report.verdict];
}
