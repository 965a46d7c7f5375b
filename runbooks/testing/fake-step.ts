import { z } from 'zod';
import type { Step, StepResult, StepWorld } from '../step.ts';

const params = z.strictObject({ note: z.string().default('') });

/** A step that does what a test tells it, and remembers what it was asked. */
export class FakeStep implements Step<z.output<typeof params>> {
  readonly kind = 'test.act';
  readonly summary = 'does what the test says';
  readonly params = params;
  readonly targets = [];
  isRepeatable = false;
  /** What its plan says. */
  planned = 'act';
  readonly calls: { target: string | undefined }[] = [];
  /** What the next calls do. */
  act: (signal: AbortSignal, world: StepWorld) => Promise<StepResult> = async () => succeeded;

  repeatable(): boolean {
    return this.isRepeatable;
  }

  plan() {
    return [{ does: this.planned, on: 'the test', undo: 'none' }];
  }

  run(_params: unknown, world: StepWorld, signal: AbortSignal): Promise<StepResult> {
    this.calls.push({ target: world.target?.name });
    return this.act(signal, world);
  }
}

export const succeeded: StepResult = { outcome: 'succeeded', summary: 'done', touched: 1, details: {} };

/** Settles when it is told to stop, as every step must. */
export const untilStopped = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
