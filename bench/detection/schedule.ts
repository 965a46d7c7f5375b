import type { Scenario } from './scenario.ts';

type Needs = Pick<Scenario, 'uses' | 'breaks'>;

/** Whether the two would disturb each other: one breaks what the other uses or breaks. */
export const conflict = (a: Needs, b: Needs): boolean =>
  a.breaks.some((it) => b.breaks.includes(it) || b.uses.includes(it)) ||
  b.breaks.some((it) => a.uses.includes(it));

/** Runs all, side by side where they do not disturb each other. Who waits is not overtaken by whom it conflicts with. */
export async function runSideBySide<S extends Needs>(
  scenarios: readonly S[],
  run: (scenario: S) => Promise<void>,
): Promise<void> {
  const waiting = [...scenarios];
  const running = new Map<S, Promise<void>>();
  while (waiting.length > 0 || running.size > 0) {
    const ready = waiting.filter((one, index) =>
      [...running.keys(), ...waiting.slice(0, index)].every((other) => !conflict(one, other)),
    );
    for (const one of ready) {
      waiting.splice(waiting.indexOf(one), 1);
      running.set(
        one,
        run(one).finally(() => running.delete(one)),
      );
    }
    await Promise.race(running.values());
  }
}
