import { UnavailableError } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';
import type { NamedTarget } from '../fault.ts';
import type { Disturbance, HoldState, NetworkHold } from './driver.ts';
import { Nft, NftRefusal, type Ruleset } from './nft.ts';
import { newTable, otherTable, renewal, tableGone, tableOf } from './nft-rules.ts';
import { Turns } from './turns.ts';

/** One holder's table, whose lease is an element that the kernel removes. */
export class NftHold implements NetworkHold {
  readonly leased = true;
  readonly #target: NamedTarget<TargetOf<'address'>>;
  readonly #table: string;
  readonly #nft: Nft;
  readonly #turns = new Turns();
  #state: 'new' | 'held' | 'refused' = 'new';
  /** What the tables before this one have counted. */
  #before = 0;
  #touched = 0;

  constructor(target: NamedTarget<TargetOf<'address'>>, holder: string) {
    this.#target = target;
    this.#table = tableOf(holder, target.name);
    this.#nft = new Nft(target.target.namespace);
  }

  set(disturbance: Disturbance | null, signal: AbortSignal): Promise<void> {
    return this.#turns.take(() => this.#set(disturbance, signal));
  }

  renew(): Promise<HoldState> {
    return this.#turns.take(() => this.#renew());
  }

  release(): Promise<void> {
    return this.#turns.take(async () => {
      if (this.#state === 'held' && this.#nft.hasNamespace) await this.#nft.apply(tableGone(this.#table));
    });
  }

  async residue(): Promise<string[]> {
    if (!this.#nft.hasNamespace) return [];
    const left = (await this.#nft.tables()).includes(this.#table);
    return left ? [`${this.#target.name} still has the nftables table inet ${this.#table}`] : [];
  }

  async #set(disturbance: Disturbance | null, signal: AbortSignal): Promise<void> {
    const { target, name } = this.#target;
    const first = this.#state === 'new';
    if (!first) this.#count(await this.#nft.table(this.#table));
    try {
      await this.#nft.apply((first ? newTable : otherTable)(this.#table, disturbance, target), signal);
    } catch (error) {
      if (!(error instanceof NftRefusal)) throw error;
      if (error.isThere) this.#state = 'refused';
      const what = error.isThere
        ? 'this fault is in already'
        : error.notThere
          ? 'it has ended'
          : error.message;
      throw new UnavailableError('nftables.refused', `${name}: ${what} (table inet ${this.#table})`, {
        mend: `Look with: ${this.#nft.byHand} list ruleset`,
        cause: error,
      });
    } finally {
      // An aborted nft may have done it all the same.
      if (first && this.#state !== 'refused') this.#state = 'held';
    }
    this.#before = this.#touched;
  }

  async #renew(): Promise<HoldState> {
    try {
      await this.#nft.apply(renewal(this.#table, this.#target.target));
    } catch (error) {
      if (!(error instanceof NftRefusal && error.notThere)) throw error;
      return { held: false, by: (await this.#nft.table(this.#table)) ? 'lease' : 'others' };
    }
    this.#count(await this.#nft.table(this.#table));
    return { held: true, touched: this.#touched };
  }

  #count(ruleset: Ruleset | undefined): void {
    const hits = ruleset?.find(({ counter }) => counter)?.counter?.packets ?? 0;
    this.#touched = Math.max(this.#touched, this.#before + hits);
  }
}
