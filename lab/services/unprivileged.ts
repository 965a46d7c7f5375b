import { execFileSync } from 'node:child_process';
import { UnavailableError } from '../../kit/errors.ts';

/** How a program is run that refuses to run as root. */
export interface Runner {
  /** Who it is then, when not we ourselves: files that it must own are given to them. */
  user?: { uid: number; gid: number };
  /** What stands before the command. */
  prefix: readonly string[];
  /** Who the process is spawned as, when the prefix does not see to it. */
  spawnAs?: { uid: number; gid: number };
}

/** `nobody`, by number: its name and its group's differ between distributions. */
const nobody = { uid: 65_534, gid: 65_534 };

/**
 * As nobody, who keeps one right of root: to pass folders that only root may enter. A checkout often lies in /root,
 * which has mode 700, and then nobody could not even read the program. Without the secure bit access(2) would forget that
 * right again, and PostgreSQL asks it about its own file.
 */
const setpriv = [
  'setpriv',
  `--reuid=${nobody.uid}`,
  `--regid=${nobody.gid}`,
  '--clear-groups',
  '--inh-caps=+dac_override',
  '--ambient-caps=+dac_override',
  '--securebits=+no_setuid_fixup',
];

/** Fails unless its argument may be read and executed, as access(2) sees it. */
const probe =
  'const fs = require("node:fs"); fs.accessSync(process.argv[1], fs.constants.R_OK | fs.constants.X_OK)';

/** The first way that works here of running `program` as somebody else than root; as ourselves, if we are not root. */
export function unprivilegedRunner(program: string, env: Readonly<Record<string, string>>): Runner {
  if (process.getuid?.() !== 0) return { prefix: [] };
  const ways: Runner[] = [
    { user: nobody, prefix: setpriv },
    { user: nobody, prefix: [], spawnAs: nobody },
  ];
  const way = ways.find(({ prefix, spawnAs }) => {
    try {
      const [command = '', ...args] = [...prefix, process.execPath, '-e', probe, program];
      execFileSync(command, args, { env, cwd: '/', stdio: 'ignore', ...spawnAs });
      return true;
    } catch {
      return false;
    }
  });
  if (way) return way;
  throw new UnavailableError(
    'lab.postgres-root',
    `PostgreSQL refuses to run as root, and nobody else can run ${program}`,
    {
      mend: 'Install setpriv (package util-linux), or run this as another user than root.',
    },
  );
}
