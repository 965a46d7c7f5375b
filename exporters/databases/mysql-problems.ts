import { messageOf } from '../../kit/errors.ts';
import { mysqlAddress } from '../../kit/mysql-url.ts';
import type { Targets } from '../../kit/targets.ts';
import type { ExtraProblem } from '../../kit/yaml-file.ts';

/** URLs of MySQL and MariaDB with parameters that Andon does not know, or that contradict each other. */
export const mysqlProblems = (targets: Targets): ExtraProblem[] =>
  Object.entries(targets).flatMap(([name, target]) =>
    target.kind !== 'mysql'
      ? []
      : (['url', 'admin_url'] as const).flatMap((key) => {
          const message = whatIsWrong(target[key]);
          return message === undefined ? [] : [{ path: ['targets', name, key], message }];
        }),
  );

function whatIsWrong(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  try {
    mysqlAddress(url);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
