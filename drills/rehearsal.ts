import { messageOf } from '../kit/errors.ts';
import { expectedRun } from './report/expected-run.ts';
import type { Report } from './report/schema.ts';
import { note, nowIso, type Run } from './run.ts';
import { type KnownRunbook, type Proof, RunbookServiceError, type RunbookWatch } from './runbook-watch.ts';
import type { Drill } from './schema.ts';

/** The runbook that a drill proves: one that it expects, and does not hold off. */
export const rehearsedBy = ({ expect, runbooks }: Pick<Drill, 'expect' | 'runbooks'>) =>
  runbooks === 'hold' ? undefined : expect.runbook;

/**
 * Lets the expected runbook act by itself from now on, whether it is proven or not. The lease is the service's own: it ends there
 * within ten seconds of this process, and takes nothing away from anybody, so the undo log needs to know nothing of it.
 */
export async function beginRehearsal(run: Run): Promise<void> {
  const { rehearsed, runbooks, cleanUp, deps, drill } = run;
  if (!rehearsed || !runbooks) return;
  const lease = await runbooks.rehearse(rehearsed.id, run.id, {
    production: deps.confirmedProduction,
    targets: targetsOf(drill),
  });
  cleanUp.use({
    async [Symbol.asyncDispose]() {
      try {
        await lease[Symbol.asyncDispose]();
      } catch (error) {
        note(run, `the rehearsal of ${rehearsed.id} ends by itself within 10 s: ${messageOf(error)}`);
      }
    },
  });
}

/** Where the alerts of the drill come from: what its faults touch, and what its author says that the runbook works on. */
const targetsOf = ({ method, expect: { runbook } }: Drill): string[] => [
  ...new Set([
    ...method.map(({ target }) => target),
    ...(runbook?.target === undefined ? [] : [runbook.target]),
  ]),
];

/** The proof is sent after these waits, until it is taken: a service may be restarted just now, and a person waits for the verdict. */
const sendAfterMs = [0, 1000, 3000];

/** Tells the runbook service what the drill has proven. A run that was stopped or could not begin proves nothing. Never throws. */
export async function reportProof(run: Run, verdict: Report['verdict']): Promise<void> {
  const { rehearsed, runbooks } = run;
  if (!rehearsed || !runbooks || (verdict !== 'passed' && verdict !== 'failed')) return;
  const ran = expectedRun(runsOf(run), rehearsed.id);
  const passed = verdict === 'passed' && ran?.outcome === 'succeeded';
  const proof: Proof = {
    runbook: rehearsed.id,
    drill: run.drill.id,
    run: run.id,
    passed,
    hash: rehearsed.hash,
  };
  const { delivered, text } = await deliver(run, runbooks, rehearsed, proof);
  run.journal.write({ type: 'proof', at: nowIso(run), runbook: rehearsed.id, passed, delivered, text });
}

const runsOf = ({ journal }: Run): Report['runbooks'] =>
  journal.events.findLast((event) => event.type === 'runbooks')?.runbooks ?? [];

interface Delivery {
  delivered: boolean;
  /** What the runbook may do now, or why the service does not know of the drill and what to do about it. */
  text: string;
}

async function deliver(
  run: Run,
  runbooks: RunbookWatch,
  rehearsed: KnownRunbook,
  proof: Proof,
): Promise<Delivery> {
  const { clock, signal } = run.deps;
  let problem: unknown;
  for (const waitMs of sendAfterMs) {
    // Who stops the drill now does not want to wait.
    await clock.sleep(waitMs, signal).catch(() => {});
    try {
      return await deliverOnce(runbooks, rehearsed, proof);
    } catch (error) {
      problem = error;
      const refused = error instanceof RunbookServiceError && error.status < 500;
      if (refused || signal.aborted) break;
    }
  }
  return undelivered(runbooks, proof, problem);
}

async function deliverOnce(
  runbooks: RunbookWatch,
  { id, hash }: KnownRunbook,
  proof: Proof,
): Promise<Delivery> {
  const now = (await runbooks.known()).find((known) => known.id === id);
  // The service would take it for a proof of the text that it has now.
  if (now?.hash !== hash) {
    const text = `runbook ${id} was changed while the drill ran, so nothing is proven of its text of now; run the drill again`;
    return { delivered: false, text };
  }
  const { mayAct, because } = await runbooks.prove(proof);
  return {
    delivered: true,
    text: `${mayAct ? 'it may act by itself' : 'it asks a person first'}: ${because}`,
  };
}

function undelivered(runbooks: RunbookWatch, proof: Proof, error: unknown): Delivery {
  const { runbook, passed } = proof;
  const until = passed
    ? `until it is told, ${runbook} goes by the drill before`
    : `until it is told, ${runbook} may act by itself although this drill did not pass`;
  const text = `the runbook service does not know how this drill ended (${messageOf(error)}); ${until}. Tell it: ${runbooks.proveByHand(proof)}`;
  return { delivered: false, text };
}
