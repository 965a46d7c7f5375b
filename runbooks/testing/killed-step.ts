import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Step } from '../step.ts';

const folder = path.join(import.meta.dirname, '..');

/**
 * Carries out a step in a process of its own, which is killed by SIGKILL as soon as `when` says so. Returns whether the step was
 * still at work then.
 */
export async function killStep(
  { kind }: Pick<Step, 'kind'>,
  { targets, wish }: { targets: Record<string, unknown>; wish: object },
  when: () => Promise<unknown>,
): Promise<boolean> {
  const program = `const { shippedSteps } = await import(${JSON.stringify(path.join(folder, 'steps/registry.ts'))});
    const { stepWorld } = await import(${JSON.stringify(path.join(folder, 'testing/step-world.ts'))});
    const step = shippedSteps.find(({ kind }) => kind === ${JSON.stringify(kind)});
    const wish = step.params.parse(${JSON.stringify(wish)});
    await step.run(wish, stepWorld(${JSON.stringify(targets)}), AbortSignal.timeout(60_000));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    await when();
  } finally {
    child.kill('SIGKILL');
  }
  const [, signal] = await ended;
  return signal === 'SIGKILL';
}
