import { execFile } from 'node:child_process';
import { UnavailableError } from './errors.ts';

/** Programs that say whether files for Prometheus and Alertmanager are right, and the Debian package of each. */
const packageOf = { promtool: 'prometheus', amtool: 'prometheus-alertmanager' };
export type Checker = keyof typeof packageOf;

/** Reading a few files takes a second; the rest is for a computer that is busy with a drill. */
const limitMs = 60_000;

/** Runs promtool or amtool. What it dislikes is a result; that it is not there is an error that says how to get it. */
export function runChecker(
  checker: Checker,
  args: readonly string[],
  stdin = '',
): Promise<{ ok: boolean; output: string }> {
  return new Promise((resolve, reject) => {
    const child = execFile(checker, [...args], { timeout: limitMs }, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim();
      if (error === null) resolve({ ok: true, output });
      else if (error.code === 'ENOENT')
        reject(
          new UnavailableError('checker.missing', `${checker} is not on PATH`, {
            mend: `apt-get install ${packageOf[checker]}`,
            cause: error,
          }),
        );
      else if (typeof error.code === 'number') resolve({ ok: false, output });
      else reject(error);
    });
    // A checker that has gone before it read everything is told by its exit, not by a broken pipe.
    child.stdin?.on('error', () => {});
    child.stdin?.end(stdin);
  });
}
