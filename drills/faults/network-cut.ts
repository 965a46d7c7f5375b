import { z } from 'zod';
import { messageOf, UnavailableError } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';
import type { Fault, Host, Injection, Plan } from '../fault.ts';
import { keepLease, leaseMs } from '../lease.ts';
import { asKind } from '../named-target.ts';
import { LinkClient } from '../proxy/link-client.ts';
import { cutModes } from '../proxy/tcp-link.ts';
import { lastingResidue } from '../residue.ts';
import { runName } from '../run-name.ts';

const params = z.strictObject({
  /** `drop` like a pulled cable, `reject` with new connections refused, `reset` with RST for all. */
  mode: z.enum(cutModes).default('drop'),
});
type Params = z.output<typeof params>;

const effectOf: Record<Params['mode'], string> = {
  drop: 'no byte passes in either direction and new connections get no answer; what waits passes on after healing',
  reject: 'open connections fall silent, new ones are closed at once',
  reset: 'open connections and new ones are reset',
};

/**
 * Cuts a link at Andon's TCP proxy. The cut is a lease of 4 s that the runner renews every second, so that the proxy itself
 * heals the link when nobody renews.
 */
export const networkCut: Fault<Params> = {
  kind: 'network.cut',
  summary: 'cuts a link between two systems (drop, reject or reset)',
  params,
  targets: ['link'],
  plan({ mode }, { name, target }, run, durationMs): Plan {
    const { link, control } = asKind(target, name, 'link');
    return {
      kind: 'network.cut',
      target: name,
      run,
      effects: [
        `asks the proxy at ${control} to cut link ${link} (${mode}): ${effectOf[mode]}`,
        `the proxy heals it by itself ${leaseMs / 1000} s after the last sign of life of the drill`,
      ],
      undo: { kind: 'link.restore', target: name, holder: runName(run) },
      durationMs,
    };
  },
  async inject(plan, { mode }, { name, target }, host, signal) {
    const cut = new LinkCut(plan, mode, asKind(target, name, 'link'), host);
    await cut.begin(signal);
    return cut;
  },
};

class LinkCut implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #lifted: (by: string) => void;
  readonly #plan: Plan;
  readonly #mode: Params['mode'];
  readonly #host: Host;
  readonly #client: LinkClient;
  readonly #holder: string;
  #lease: AsyncDisposable | undefined;
  #lifting: Promise<void> | undefined;
  #touched = 0;

  constructor(plan: Plan, mode: Params['mode'], target: TargetOf<'link'>, host: Host) {
    const lifted = Promise.withResolvers<string>();
    this.liftedByOthers = lifted.promise;
    this.#lifted = lifted.resolve;
    this.#plan = plan;
    this.#mode = mode;
    this.#host = host;
    this.#client = new LinkClient(target, host.fetch);
    this.#holder = runName(plan.run);
  }

  async begin(signal: AbortSignal): Promise<void> {
    const answer = await this.#client.cut(this.#wish(), signal);
    if (!answer.ok)
      throw new UnavailableError('network-cut.refused', `${this.#plan.target}: ${answer.message}`, {
        mend: 'Another drill is at work there: wait for it, or run: andon drill clean',
      });
    this.#touched = answer.connections;
    const { clock, log } = this.#host;
    this.#lease = keepLease({
      clock,
      durationMs: this.#plan.durationMs,
      renew: () => this.#renew(),
      onError: (error) =>
        log.warn({ target: this.#plan.target, error: messageOf(error) }, 'the cut could not be renewed'),
    });
  }

  async touched(): Promise<number> {
    // The count of the last renewal stands where the proxy does not answer now.
    if (!this.#lifting) await this.#renew().catch(() => {});
    return this.#touched;
  }

  residue(): Promise<string[]> {
    const { target } = this.#plan;
    return lastingResidue(`the cut of ${target}`, async () => {
      const { cut } = await this.#client.state();
      return cut?.holder === this.#holder ? [`${target} is still cut (${cut.mode}) by ${cut.holder}`] : [];
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  #wish() {
    return { mode: this.#mode, holder: this.#holder, leaseMs };
  }

  async #renew(): Promise<boolean> {
    const answer = await this.#client.cut({ ...this.#wish(), renew: true });
    if (answer.ok) this.#touched = Math.max(this.#touched, answer.connections);
    else if (!this.#lifting) this.#lifted(answer.endedBy ?? 'others');
    return answer.ok;
  }

  async #lift(): Promise<void> {
    await this.#lease?.[Symbol.asyncDispose]();
    await this.#client.restore(this.#holder, 'runner');
  }
}
