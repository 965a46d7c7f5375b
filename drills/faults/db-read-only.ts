import { z } from 'zod';
import { messageOf } from '../../kit/errors.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Fault, Injection, NamedTarget, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { revert } from '../undo.ts';
import { engineOf } from './db/engine.ts';
import { mysqlSwitch } from './db-read-only/mysql-switch.ts';
import { postgresSwitch } from './db-read-only/postgres-switch.ts';
import { ReadOnlyWatch } from './db-read-only/read-only-watch.ts';
import type { ReadOnlySwitch } from './db-read-only/switch.ts';

/** A server takes its settings over in milliseconds; a busy one needs longer. */
const turnOnMs = 5000;
const liftMs = 10_000;

const params = z.strictObject({});

/**
 * A database that can be read and not written to, as after a full disk, a failed switch-over or a mistake of an administrator.
 * The server knows no lease for a setting, so a process of its own takes it back when the runner falls silent.
 */
export const dbReadOnly: Fault<z.output<typeof params>> = {
  kind: 'db.read-only',
  summary: 'lets a PostgreSQL, MySQL or MariaDB server be read only',
  affects: 'refusal',
  params,
  targets: ['postgres', 'mysql'],
  plan(_params, target, run, durationMs): Plan {
    const { address } = engine(target, run);
    const way = switchOf(target);
    return {
      kind: 'db.read-only',
      target: target.name,
      run,
      effects: [`on ${address}: ${way.effects[0]}`, ...way.effects.slice(1), leashEffect],
      undo: way.undo(target.name),
      durationMs,
    };
  },
  async demand(_params, target) {
    await using session = await engine(target, 'preflight').ask();
    await switchOf(target).demand(session, target.name);
  },
  async inject(plan, _params, target, host, signal): Promise<Injection> {
    const sessions = engine(target, plan.run);
    const way = switchOf(target);
    await using stack = new AsyncDisposableStack();
    const session = stack.use(await sessions.ask());
    await way.demand(session, target.name);
    const witness = await way.witness(session);
    let watch: ReadOnlyWatch | undefined;
    const lifted = Promise.withResolvers<string>();
    const injection = await leashedInjection(
      {
        plan,
        host,
        async breakIt() {
          await way.turnOn(session);
          const what = `${target.name} to be read-only`;
          await waitFor(() => way.isOn(session), { what, timeoutMs: turnOnMs, everyMs: 20, signal });
          watch = new ReadOnlyWatch(sessions, way, session, witness, host.clock, (error) =>
            host.log.debug({ target: target.name, error: messageOf(error) }, 'db.read-only got no answer'),
          );
          watch.liftedByOthers.then(lifted.resolve);
          // Whoever is refused from now on is counted.
          await watch.look();
        },
        async lift() {
          await watch?.[Symbol.asyncDispose]();
          await revert(plan.undo, host, AbortSignal.timeout(liftMs));
        },
        async touched() {
          await watch?.look().catch(() => {});
          return watch?.refused ?? 0;
        },
        residue: () => stillReadOnly(target, plan.run),
        liftedByOthers: lifted.promise,
      },
      signal,
    );
    stack.move();
    return injection;
  },
};

const engine = (target: NamedTarget, run: string) => engineOf({ target, run, seats: 1 });

const switchOf = ({ target }: NamedTarget): ReadOnlySwitch =>
  target.kind === 'mysql' ? mysqlSwitch : postgresSwitch;

async function stillReadOnly(target: NamedTarget, run: string): Promise<string[]> {
  await using session = await engine(target, run).ask();
  return (await switchOf(target).isOn(session)) ? [`${target.name} is still read-only`] : [];
}
