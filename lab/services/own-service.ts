import path from 'node:path';
import { lineOf, untilReady } from '../../kit/child-ready.ts';
import { type Child, startChild } from '../../kit/children.ts';
import { baseEnvironment, type ServiceContext } from './service.ts';
import { tracingEnvironment } from './tracing-environment.ts';

/** A cold start of Node on a busy computer. */
const readyWithinMs = 60_000;

/** The line with which every process of ours says that it serves. */
export const readyLine = (line: string): true | undefined =>
  /^\{.*"ready":true/.test(line) ? true : undefined;

/** Runs an `andon` command as a process of the lab, and returns when it serves. */
export async function startOwnService(
  context: ServiceContext,
  name: string,
  args: readonly string[],
): Promise<Child> {
  const { self, dir, owner, signal } = context;
  const child = await startChild(
    {
      name,
      command: self.command,
      args: [...self.args, ...args],
      env: {
        ...baseEnvironment(context),
        ...tracingEnvironment(context.env),
        NODE_COMPILE_CACHE: path.join(dir, '..', 'compile-cache'),
      },
      cwd: dir,
      logFile: path.join(dir, 'logs', `${name}.log`),
    },
    owner,
  );
  return ready(child, signal);
}

/** Waits for the ready line; stops the child when it does not come. */
export async function ready(child: Child, signal: AbortSignal): Promise<Child> {
  try {
    await untilReady(child, () => lineOf(child, readyLine), { timeoutMs: readyWithinMs, signal });
    return child;
  } catch (error) {
    await child[Symbol.asyncDispose]();
    throw error;
  }
}
