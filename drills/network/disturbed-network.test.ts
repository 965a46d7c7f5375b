import { describe, expect, test } from 'vitest';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Host, Plan } from '../fault.ts';
import { disturbed } from './disturbed-network.ts';
import type { Disturbance, HoldState, NetworkHold } from './driver.ts';

const cut: Disturbance = { kind: 'cut', mode: 'drop', direction: 'both' };
const never = new AbortController().signal;
const plan: Plan = {
  kind: 'network.cut',
  target: 'peer',
  run: 'r1',
  effects: [],
  undo: { kind: 'link.restore', target: 'peer', holder: 'andon-drill-r1~cut' },
  durationMs: 60_000,
};

/** A server without leases that writes down what is asked of it. */
class Ledger implements NetworkHold {
  readonly leased: boolean = false;
  readonly said: string[] = [];
  state: HoldState = { held: true, touched: 3 };
  refuses = false;

  async set(wish: Disturbance | null): Promise<void> {
    this.said.push(wish?.kind ?? 'pause');
    if (this.refuses) throw new Error('half done');
  }
  async renew(): Promise<HoldState> {
    return this.state;
  }
  async release(): Promise<void> {
    this.said.push('release');
  }
  async residue(): Promise<string[]> {
    return this.said.includes('release') ? [] : ['it is still there'];
  }
}

function hostWith(ledger: Ledger): Host {
  const leash = async () => {
    ledger.said.push('leash');
    const end = async () => void ledger.said.push('farewell');
    return { pid: 1, ended: new Promise<void>(() => {}), [Symbol.asyncDispose]: end };
  };
  return { clock: systemClock, log: silentLog, fetch, targets: {}, leash };
}

describe('A network that no server leases', () => {
  test('is disturbed under a leash, which is given back last', async () => {
    const hold = new Ledger();
    const injection = await disturbed(
      { plan, host: hostWith(hold), hold, disturbance: cut, rhythm: undefined },
      never,
    );
    expect([await injection.touched(), await injection.residue()]).toEqual([3, ['it is still there']]);
    await injection[Symbol.asyncDispose]();
    await injection[Symbol.asyncDispose]();
    expect(hold.said).toEqual(['leash', 'cut', 'release', 'farewell']);
    expect(await injection.residue()).toEqual([]);
  });

  test('is taken back when the disturbance fails half way, before the error is thrown', async () => {
    const hold = new Ledger();
    hold.refuses = true;
    const parts = { plan, host: hostWith(hold), hold, disturbance: cut, rhythm: undefined };
    await expect(disturbed(parts, never)).rejects.toThrow('half done');
    expect(hold.said).toEqual(['leash', 'cut', 'release', 'farewell']);
  });

  test('says who lifted it', async () => {
    const hold = new Ledger();
    const parts = { plan, host: hostWith(hold), hold, disturbance: cut, rhythm: undefined };
    const injection = await disturbed(parts, never);
    hold.state = { held: false, by: 'server' };
    expect(await injection.touched()).toBe(0);
    expect(await injection.liftedByOthers).toBe('server');
    await injection[Symbol.asyncDispose]();
  });
});

test('A rhythm goes on where a turn fails, and nothing is set once it is lifted.', async () => {
  const hold = new Ledger();
  const rhythm = { downMs: 5, upMs: 5 };
  const parts = { plan, host: hostWith(hold), hold, disturbance: cut, rhythm };
  const injection = await disturbed(parts, never);
  hold.refuses = true;
  const times = (what: string) => hold.said.filter((word) => word === what).length;
  await waitFor(() => times('pause') > 1, { what: 'two pauses', timeoutMs: 10_000, everyMs: 1 });
  hold.refuses = false;
  await waitFor(() => times('cut') > 3, { what: 'four cuts', timeoutMs: 10_000, everyMs: 1 });
  await injection[Symbol.asyncDispose]();
  expect(hold.said.slice(-2)).toEqual(['release', 'farewell']);
});
