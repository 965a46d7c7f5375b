import { z } from 'zod';
import { silentLog } from '../../kit/log.ts';
import { AuditLog } from '../audit/audit.ts';
import { executeRun, leaseMs } from '../engine/execute-run.ts';
import { storeNotices } from '../intake/intake.ts';
import { hashOfRunbook, type Runbook, runbookSchema } from '../schema/runbook.ts';
import type { Step, StepResult, StepWorld } from '../step.ts';
import type { RunRecord } from '../store/run.ts';
import { RunStore } from '../store/store.ts';
import { notice } from './engine-world.ts';
import type { Mortality } from './mortality.ts';
import { writingMethods } from './mortality.ts';

/** How one attempt at a step goes: `nothing` fails without having changed anything, `half` fails and may have. */
export type Script = 'ok' | 'read' | 'nothing' | 'half' | 'refuse' | 'throw';

/** What a runbook asks before its first step, and what it does then: what each life is answered, the last one again and again. */
export interface Beginning {
  applies: ('yes' | 'no' | 'nobody knows')[] | null;
  mode: 'auto' | 'approve';
}
export const atOnce: Beginning = { applies: null, mode: 'auto' };

/** A step that plays its scripts, one for each act; when they are used up, the last one again. */
export interface ScriptedStep {
  repeatable: boolean;
  scripts: Script[];
  retries: number;
  /** Its undo, where it has one. */
  undo: Script[] | null;
}

/** What a step really did, in the world outside: it survives the death of the engine. */
export interface Act {
  position: number;
  phase: 'do' | 'undo';
  script: Script;
}

const results: Record<Exclude<Script, 'throw'>, StepResult> = {
  ok: { outcome: 'succeeded', summary: 'ok', touched: 1, details: {} },
  read: { outcome: 'succeeded', summary: 'read', touched: 0, details: {} },
  nothing: { outcome: 'failed', summary: 'nothing', touched: 0, details: {} },
  half: { outcome: 'failed', summary: 'half', touched: null, details: {} },
  refuse: { outcome: 'refused', summary: 'refuse', touched: 0, details: {} },
};

const params = z.strictObject({ position: z.int(), repeatable: z.boolean() });
type Params = z.output<typeof params>;

/** The step `test.play`: what it does at each position stands in the scripts of the world. */
export class PlayStep implements Step<Params> {
  readonly kind = 'test.play';
  readonly summary = 'plays a script';
  readonly params = params;
  readonly targets = [];
  readonly #next: (act: Omit<Act, 'script'>) => Script;
  readonly #boundary: () => void;

  constructor(next: (act: Omit<Act, 'script'>) => Script, boundary: () => void) {
    this.#next = next;
    this.#boundary = boundary;
  }

  repeatable({ repeatable }: Params): boolean {
    return repeatable;
  }

  plan({ position }: Params) {
    return [{ does: `play ${position}`, on: 'the test', undo: 'none' }];
  }

  async run({ position }: Params, world: StepWorld): Promise<StepResult> {
    this.#boundary();
    const script = this.#next({ position, phase: world.run.phase });
    this.#boundary();
    if (script === 'throw') throw new Error('thrown');
    return results[script];
  }
}

const needUrl = 'http://need.test/';
const needStatus = { yes: 200, no: 404 };

/** The runbook that plays these steps. */
export function scriptedRunbook(
  steps: readonly ScriptedStep[],
  { applies, mode }: Beginning,
  step: PlayStep,
): Runbook {
  return runbookSchema([step as Step]).parse({
    id: 'scripted',
    title: 'Scripted',
    triggers: [{ alert: 'MesDatabaseBlocked' }],
    mode,
    ...(applies ? { applies: [{ name: 'it is needed', http: needUrl, expect: '== 200' }] } : {}),
    target: 'mes-db',
    timeout: '1h',
    verify: [{ name: 'all is well', http: 'http://verify.test/', expect: '== 200', within: '0s' }],
    steps: steps.map(({ repeatable, retries, undo }, position) => ({
      step: step.kind,
      with: { position, repeatable },
      ...(retries > 0 ? { retry: { times: retries, wait: '0s' } } : {}),
      ...(undo ? { undo: { step: step.kind, with: { position, repeatable: true } } } : {}),
    })),
  });
}

/** Files of a run that outlive the processes that carry it out. */
export interface ScriptedWorld {
  storeFile: string;
  auditFile: string;
  /** The next act of a step in the world outside, and its script. */
  next: (act: Omit<Act, 'script'>) => Script;
  verified: boolean;
  beginning: Beginning;
}

/** One life of a process that carries out whatever run it finds or, the first time, the one of a new alert; how the run then stands. */
export async function live(
  steps: readonly ScriptedStep[],
  { storeFile, auditFile, next, verified, beginning }: ScriptedWorld,
  { now, mortality, life }: { now: number; mortality: Mortality; life: number },
): Promise<RunRecord | undefined> {
  const clock = { now: () => now, sleep: (ms: number, signal?: AbortSignal) => waitForAbort(ms, signal) };
  using opened = new DisposableStack();
  const realStore = opened.use(new RunStore(storeFile));
  const realAudit = opened.use(new AuditLog(auditFile, clock));
  const step = new PlayStep(next, () => mortality.boundary());
  const runbook = scriptedRunbook(steps, beginning, step);
  const proof = {
    runbook: runbook.id,
    runbookHash: hashOfRunbook(runbook),
    drill: 'd',
    passed: true,
    at: now,
  };
  realStore.proofs.record({ ...proof, drillRun: 'proof' });
  const deps = {
    store: mortality.mortal(realStore, writingMethods),
    audit: mortality.mortal(realAudit, writingMethods),
    ...{
      targets: oneTarget,
      snapshots: {},
      steps: [step as Step],
      runbooks: [runbook],
      prometheus: '',
      clock,
    },
    ...{ log: silentLog, owner: `life ${life}`, inShift: () => true },
    fetch: (async (url) => {
      if (String(url) !== needUrl) return new Response('', { status: verified ? 200 : 503 });
      const answer = beginning.applies?.[Math.min(life, beginning.applies.length - 1)] ?? 'nobody knows';
      if (answer === 'nobody knows') throw new Error('nobody answers');
      return new Response('', { status: needStatus[answer] });
    }) as typeof fetch,
  };
  const turn = async () => {
    const [waiting] = realStore.look.nextInLine();
    const claimed = waiting && deps.store.claim(waiting, deps.owner, now + leaseMs, now);
    const [taken] = claimed ? [claimed] : deps.store.takeOver(deps.owner, now + leaseMs, now);
    if (taken) await executeRun({ run: taken, runbook, deps }, new AbortController().signal);
  };
  try {
    // Known already where an earlier life has stored it.
    storeNotices([notice()], { ...deps, store: realStore }, now);
    await turn();
    if (agreed(realStore, now)) await turn();
  } catch (error) {
    if (!mortality.isDead) throw error;
  }
  return realStore.run(1);
}

/** The person who is asked agrees at once. */
const agreed = (store: RunStore, now: number): boolean =>
  store.transaction(() => store.approvals.decide(1, 0, 'approved', 'wang', now) && store.makeReady(1, now));

const oneTarget = {
  'mes-db': {
    kind: 'postgres' as const,
    url: 'postgres://127.0.0.1:1/mes',
    protect: [],
    drillable: false,
    production: false,
  },
};

/** Nothing in these runs waits for time: only the renewal of leases does, until its run has ended. */
function waitForAbort(ms: number, signal?: AbortSignal): Promise<void> {
  if (ms === 0) return Promise.resolve();
  return new Promise((_, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
