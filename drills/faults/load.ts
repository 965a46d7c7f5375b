import { z } from 'zod';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import type { Fault, Host, Injection, Plan, RunningLoad } from '../fault.ts';
import { markedProcesses, markVariable } from '../marked-processes.ts';
import { asKind } from '../named-target.ts';
import { lastingResidue } from '../residue.ts';
import { runName } from '../run-name.ts';

const params = z.strictObject({
  profile: z.enum(['terminals']).default('terminals'),
  users: z.int().min(1).max(2000),
});

/** Users are told their duration; ending this much earlier still counts as their time. */
const toleranceMs = 2000;

/**
 * The fault that is a crowd: many terminals at work at once. No server leases it: users end by themselves at the end of their
 * duration, and earlier when the runner or, after its death, the watchdog ends their processes.
 */
export const load: Fault<z.output<typeof params>> = {
  kind: 'load',
  summary: 'many users at work at once',
  affects: 'request',
  params,
  targets: ['mes'],
  plan({ profile, users }, { name, target }, run, durationMs): Plan {
    const { url } = asKind(target, name, 'mes');
    const mark = runName(run);
    return {
      kind: 'load',
      target: name,
      run,
      effects: [
        `${users} users (profile ${profile}) work at ${url} and create and report work orders there`,
        `their processes carry ${markVariable}=${mark} and end by themselves after ${durationMs / 1000} s`,
      ],
      undo: { kind: 'process.end-marked', mark },
      durationMs,
    };
  },
  async inject(plan, { profile, users }, _target, host, signal) {
    if (!host.load)
      throw new UnavailableError(
        'load.no-generator',
        'no load generator can be had, so no users can be started',
        {
          mend: 'Install k6 (https://grafana.com/docs/k6/latest/set-up/install-k6/) so that it is on PATH',
        },
      );
    const { durationMs } = plan;
    const crowd = await host.load({ profile, users, durationMs, mark: runName(plan.run) }, signal);
    return new Crowd(plan, crowd, host);
  },
};

class Crowd implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #plan: Plan;
  readonly #load: RunningLoad;
  #lifting: Promise<void> | undefined;

  constructor(plan: Plan, running: RunningLoad, { clock, log }: Host) {
    this.#plan = plan;
    this.#load = running;
    const due = clock.now() + plan.durationMs - toleranceMs;
    this.liftedByOthers = new Promise((resolve) => {
      const ended = () => {
        if (!this.#lifting && clock.now() < due) resolve('load generator');
      };
      running.finished.then(ended, (error: unknown) => {
        log.warn({ error: messageOf(error) }, 'the load generator failed');
        ended();
      });
    });
  }

  touched(): Promise<number> {
    return this.#load.requests();
  }

  residue(): Promise<string[]> {
    return lastingResidue('the load', () =>
      markedProcesses(runName(this.#plan.run)).map(
        ({ pid, command }) => `process ${pid} (${command}) of the load still runs`,
      ),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= Promise.resolve(this.#load[Symbol.asyncDispose]());
    return this.#lifting;
  }
}
