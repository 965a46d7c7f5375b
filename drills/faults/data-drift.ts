import { z } from 'zod';
import { messageOf } from '../../kit/errors.ts';
import { addressOf } from '../../kit/postgres.ts';
import type { TargetOf } from '../../kit/targets.ts';
import type { Fault, Host, Plan } from '../fault.ts';
import { leashEffect } from '../leash.ts';
import { leashedInjection } from '../leashed-injection.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import { revert } from '../undo.ts';
import { adminUrl } from '../undos/end-sessions.ts';
import { demandDrift } from './data-drift/demand.ts';
import { isSaved, letDrift, type SavedRows, savedName, stillDrifted } from './data-drift/saved-rows.ts';
import { inSession, inTransaction } from './data-drift/session.ts';
import { relationName, whereColumns, whereInWords } from './db/statement.ts';

/** How often is looked whether somebody has put everything right. */
const lookMs = 500;
const liftLimitMs = 15_000;

const params = z
  .strictObject({
    /** The table, with its schema where that is needed. */
    relation: relationName,
    /** The columns that name one of its rows for the plant; a unique index must tell rows apart by them. */
    key: z.array(z.string().min(1)).min(1),
    how: z.enum(['change', 'delete']),
    /** The number that is changed. */
    column: z.string().min(1).optional(),
    /** What is added to it. */
    by: z.number().default(1),
    /** So many of the newest rows. */
    rows: z.int().min(1).max(100).default(3),
    /** Columns and values of those rows; any row when left out. */
    where: whereColumns.default({}),
  })
  .refine(({ how, column }) => (how === 'change') === (column !== undefined), {
    message: 'goes with how: change, which needs it',
    path: ['column'],
  })
  .refine(({ by }) => by !== 0, { message: 'must change something', path: ['by'] });
type Params = z.output<typeof params>;

/**
 * Records that one system lost or holds wrongly, as after a scanner that dropped off or an entry by hand: a few rows of a table are
 * deleted, or a number of them is changed. The rows as they were stay in a table beside it until they are right again.
 */
export const dataDrift: Fault<Params> = {
  kind: 'data.drift',
  summary: 'lets a few records of a table be missing or wrong, so that systems differ',
  affects: 'record',
  params,
  targets: ['postgres'],
  plan(wish, { name, target }, run, durationMs): Plan {
    const rows = savedRowsOf(wish, run);
    const where = whereInWords(wish.where);
    const which = `the ${wish.rows} newest rows of ${wish.relation}${where === '' ? '' : ` with ${where}`}`;
    const does = wish.how === 'delete' ? `deletes ${which}` : `adds ${wish.by} to ${wish.column} of ${which}`;
    return {
      kind: 'data.drift',
      target: name,
      run,
      effects: [
        `on ${addressOf(adminUrl(asKind(target, name, 'postgres')))}: ${does}`,
        `keeps those rows as they were in the table ${rows.saved} beside it, from the same transaction on`,
        'lets each row that is still so be as it was at the end, and drops that table; a row that somebody has put right meanwhile is left alone',
        leashEffect,
      ],
      undo: { kind: 'postgres.restore-rows', target: name, ...rows },
      durationMs,
    };
  },
  demand: (wish, { name, target }) =>
    inSession(asKind(target, name, 'postgres'), 'andon-preflight', (client) =>
      demandDrift(client, wish, name),
    ),
  inject: (plan, wish, { name, target }, host, signal) =>
    drift(plan, wish, asKind(target, name, 'postgres'), host, signal),
};

function savedRowsOf({ relation, key, how, column, by, where }: Params, run: string): SavedRows {
  const saved = savedName(run, { relation, key, how, column, where });
  return { relation, key, saved, how, ...(how === 'change' ? { column, by } : {}) };
}

function drift(plan: Plan, wish: Params, target: TargetOf<'postgres'>, host: Host, signal: AbortSignal) {
  const rows = savedRowsOf(wish, plan.run);
  const name = runName(plan.run);
  const watch = new AbortController();
  const lifted = Promise.withResolvers<string>();
  let drifted = 0;
  const left = () =>
    inSession(target, 'andon-watch', async (client) =>
      (await isSaved(client, rows)) ? stillDrifted(client, rows) : 0,
    );
  const watched = async () => {
    for (;;) {
      await host.clock.sleep(lookMs, watch.signal);
      const now = await left().catch((error: unknown) => {
        host.log.debug({ target: plan.target, error: messageOf(error) }, 'data.drift got no answer');
        return undefined;
      });
      if (now === 0) break;
    }
    lifted.resolve('runbook');
  };
  return leashedInjection(
    {
      plan,
      host,
      async breakIt(during) {
        drifted = await inTransaction(target, name, async (client) => {
          await demandDrift(client, wish, plan.target);
          const count = await letDrift(client, rows, { most: wish.rows, where: wish.where });
          during.throwIfAborted();
          return count;
        });
        watched().catch(() => {}); // It ends when the fault is lifted.
      },
      async lift() {
        watch.abort();
        await revert(plan.undo, host, AbortSignal.timeout(liftLimitMs));
      },
      touched: async () => drifted,
      residue: () => residueOf(target, rows, plan.target),
      liftedByOthers: lifted.promise,
    },
    signal,
  );
}

const residueOf = (target: TargetOf<'postgres'>, rows: SavedRows, name: string): Promise<string[]> =>
  inSession(target, 'andon-survey', async (client) => {
    if (!(await isSaved(client, rows))) return [];
    const count = await stillDrifted(client, rows);
    return [`${count} rows of ${rows.relation} on ${name} are not as they were; ${rows.saved} keeps them`];
  });
