import { messageOf } from '../../../kit/errors.ts';
import type { Host, Injection, Plan } from '../../fault.ts';
import { keepLease, leaseMs } from '../../lease.ts';
import type { HttpFaultClient } from '../../proxy/http-fault-client.ts';
import type { HttpFault } from '../../proxy/http-link-fault.ts';
import { lastingResidue } from '../../residue.ts';
import { runName } from '../../run-name.ts';

interface FailureParts {
  plan: Plan;
  fault: HttpFault;
  client: HttpFaultClient;
  host: Pick<Host, 'clock' | 'log'>;
}

/** A failure that is in, renewed until it is lifted. */
export class HttpFailure implements Injection {
  readonly liftedByOthers: Promise<string>;
  readonly #lifted: (by: string) => void;
  readonly #parts: FailureParts;
  readonly #wish: { holder: string; leaseMs: number; fault: HttpFault };
  #lease: AsyncDisposable | undefined;
  #lifting: Promise<void> | undefined;
  #touched = 0;

  constructor(parts: FailureParts) {
    const lifted = Promise.withResolvers<string>();
    this.liftedByOthers = lifted.promise;
    this.#lifted = lifted.resolve;
    this.#parts = parts;
    this.#wish = { holder: runName(parts.plan.run), leaseMs, fault: parts.fault };
  }

  /** Puts it in; returns why not when the proxy refuses. */
  async begin(signal: AbortSignal): Promise<string | undefined> {
    const { plan, client, host } = this.#parts;
    const answer = await this.#putIn(client, signal);
    if (!answer.ok) return answer.message;
    this.#touched = answer.touched;
    this.#lease = keepLease({
      clock: host.clock,
      durationMs: plan.durationMs,
      renew: () => this.#renew(),
      onError: (error) =>
        host.log.warn({ target: plan.target, error: messageOf(error) }, 'the failure could not be renewed'),
    });
    return undefined;
  }

  async touched(): Promise<number> {
    // The count of the last renewal stands where the proxy does not answer now.
    if (!this.#lifting) await this.#renew().catch(() => {});
    return this.#touched;
  }

  residue(): Promise<string[]> {
    const { plan, client } = this.#parts;
    return lastingResidue(`the failure of ${plan.target}`, async () =>
      (await client.residue(this.#wish.holder)).map((what) => `${plan.target} still fails: ${what}`),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lifting ??= this.#lift();
    return this.#lifting;
  }

  /** An attempt whose answer is lost may have succeeded: it is taken back before the error is thrown. */
  async #putIn(client: HttpFaultClient, signal: AbortSignal) {
    try {
      return await client.fail(this.#wish, signal);
    } catch (error) {
      await client.restore(this.#wish.holder, 'runner').catch(() => {});
      throw error;
    }
  }

  async #renew(): Promise<boolean> {
    const answer = await this.#parts.client.fail({ ...this.#wish, renew: true });
    if (answer.ok) this.#touched = Math.max(this.#touched, answer.touched);
    else if (!this.#lifting) this.#lifted(answer.endedBy ?? 'others');
    return answer.ok;
  }

  async #lift(): Promise<void> {
    const { client } = this.#parts;
    await this.#lease?.[Symbol.asyncDispose]();
    // A last look at what it has hit.
    await this.#renew().catch(() => {});
    await client.restore(this.#wish.holder, 'runner');
  }
}
