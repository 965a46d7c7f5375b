import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { startAndon, temporaryFolder } from '../cli/testing/andon-process.ts';
import { type Clock, systemClock } from '../kit/clock.ts';
import { waitFor } from '../kit/wait.ts';
import { Journal, lastOf } from './journal.ts';
import { openRun } from './open-run.ts';
import { beginRehearsal, reportProof } from './rehearsal.ts';
import type { Report } from './report/schema.ts';
import type { DrillDeps, Run } from './run.ts';
import { reachRunbooks } from './stages/reach-runbooks.ts';
import { cutDrill, drillDeps, nowhere } from './testing/drill-deps.ts';
import { tempFolder } from './testing/temp-folder.ts';

const token = 'a-token-of-some-length';
const runbook = 'release-db-lock';
const place = temporaryFolder('rehearsal');
let service: ReturnType<typeof startAndon> | undefined;
let url = '';

/** The real service, as a user starts it: for a database that is not there. */
beforeAll(async () => {
  const cwd = place.path;
  const targets = `targets: {mes-db: {kind: postgres, url: 'postgres://127.0.0.1:9/mes'}}`;
  const runbooks = `runbooks: {listen: '127.0.0.1:0', token: ${token}, store: r.sqlite, audit: r.ndjson}`;
  writeFileSync(path.join(cwd, 'andon.yaml'), `${targets}\n${runbooks}\n`);
  service = startAndon(cwd, 'runbook', 'serve');
  let said = '';
  service.child.stdout?.on('data', (text) => {
    said += String(text);
  });
  const ready = () => /"url":"([^"]+)"/.exec(said)?.[1];
  url = await waitFor(ready, { what: 'the runbook service', timeoutMs: 60_000, everyMs: 50 });
}, 70_000);
afterAll(async () => {
  service?.child.kill('SIGTERM');
  await service?.ended;
  place[Symbol.dispose]();
});

const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
const json = async (response: Promise<Response>) => (await (await response).json()) as never;

/** What the service says of the runbook now. */
async function trust(): Promise<{ mayAct: boolean; because: string }> {
  const all: { id: string; trust: never }[] = await json(fetch(`${url}/runbooks`, { headers }));
  return all.find(({ id }) => id === runbook)?.trust as never;
}

/** How the runbook takes an alert that fires now. */
async function taken(fingerprint: string): Promise<{ mode: string; trust: string }> {
  const labels = { alertname: 'MesDatabaseBlocked', tier: 'A' };
  const alert = { status: 'firing', labels, startsAt: '2026-01-05T09:00:00.000Z', fingerprint };
  const body = JSON.stringify({ version: '4', alerts: [alert] });
  await fetch(`${url}/alertmanager`, { method: 'POST', headers, body });
  const runs: { fingerprint: string; mode: string; trust: string }[] = await json(
    fetch(`${url}/runs`, { headers }),
  );
  const run = runs.find((one) => one.fingerprint === fingerprint);
  if (!run) throw new Error('the service has no run for the alert');
  return run;
}

interface Wish {
  deps?: Partial<DrillDeps>;
  wanted?: string;
  /** The target that the drill says the runbook works on. */
  on?: string;
  runbooks?: 'act' | 'hold';
  token?: string;
}

/** A run of a drill that expects the runbook, with all that it has to close; `id` is the run's. */
function drillRun(id: string, { deps, wanted = runbook, runbooks = 'act', on, ...given }: Wish = {}): Run {
  const home = tempFolder();
  const stack = new AsyncDisposableStack();
  onTestFinished(() => stack.disposeAsync());
  const journal = stack.use(new Journal(`${home}/journal.ndjson`));
  const drill = cutDrill({
    runbooks,
    expect: { runbook: { name: wanted, within: '30s', ...(on ? { target: on } : {}) } },
  });
  const all = drillDeps({ home, drills: { runbooks_url: url } }, deps);
  all.settings.runbooksToken = given.token ?? token;
  return openRun(drill, id, home, all, journal, stack);
}

/** Ends a drill in which the runbook ended so. */
async function ends(run: Run, verdict: Report['verdict'], outcome = 'succeeded') {
  const at = '2026-01-05T09:00:00.000Z';
  const runbooks = [{ name: runbook, alert: 'MesDatabaseBlocked', startedAt: at, finishedAt: at, outcome }];
  run.journal.write({ type: 'runbooks', at, runbooks });
  await reportProof(run, verdict);
  return lastOf(run.journal.events, 'proof');
}

async function reached(id: string, wish?: Wish): Promise<Run> {
  const run = drillRun(id, wish);
  await reachRunbooks(run);
  return run;
}

/** Does not wait, and notes how long it would have. */
function hurriedClock(): { clock: Clock; slept: number[] } {
  const slept: number[] = [];
  const sleep = async (ms: number) => void slept.push(ms);
  return { clock: { ...systemClock, sleep }, slept };
}

/** The network, on which requests for this path meet something else, as often as that says. */
function disturbed(path: string, answers: (() => Response | Error)[]): typeof fetch {
  return async (input, init) => {
    const answer = String(input).endsWith(path) ? answers.shift()?.() : undefined;
    if (answer instanceof Error) throw answer;
    return answer ?? fetch(input, init);
  };
}

test('While a drill rehearses it a runbook acts that nobody has proven; before and afterwards it asks a person.', async () => {
  const [before, run] = [await taken('before'), await reached('drill-1')];
  expect(before).toMatchObject({ mode: 'approve', trust: expect.stringContaining('no drill has proven it') });
  expect(await taken('only reached')).toMatchObject({ mode: 'approve' });
  await beginRehearsal(run);
  expect(await taken('during')).toMatchObject({ mode: 'auto', trust: 'drill-1 rehearses it' });
  await run.cleanUp.disposeAsync();
  expect(await taken('after')).toMatchObject({ mode: 'approve' });
});

test('A rehearsal covers what the faults touch and what the drill says that the runbook works on; an older service is not told.', async () => {
  const told: object[] = [];
  const older: typeof fetch = async (input, init) => {
    if (init?.method !== 'PUT') return fetch(input, init);
    const body = JSON.parse(String(init.body)) as object;
    told.push(body);
    return new Response('', { status: 'targets' in body ? 400 : 200 });
  };
  const run = await reached('drill-2-older', { deps: { fetch: older }, on: 'mes' });
  await beginRehearsal(run);
  const lease = { runbook, holder: 'drill-2-older', production: [], leaseMs: 10_000 };
  expect(told).toEqual([{ ...lease, targets: [run.drill.method[0]?.target, 'mes'] }, lease]);
});

test('A drill that passed proves its runbook, the next one that fails takes that back, and what was stopped changes nothing.', async () => {
  const passed = await ends(await reached('drill-2'), 'passed');
  expect(passed).toMatchObject({ runbook, passed: true, delivered: true });
  expect(passed?.text).toMatch(/^it may act by itself: its last drill, short-cut at .* passed$/);
  expect(await taken('proven')).toMatchObject({ mode: 'auto' });
  for (const verdict of ['aborted', 'not-run'] as const)
    expect(await ends(await reached(`drill-3-${verdict}`), verdict)).toBeUndefined();
  expect(await trust()).toMatchObject({ mayAct: true });
  expect((await ends(await reached('drill-4'), 'failed'))?.text).toMatch(
    /^it asks a person first: .* did not pass$/,
  );
  expect(await taken('refuted')).toMatchObject({ mode: 'approve' });
});

test('A drill in which everything else came true proves nothing of a runbook that did not succeed.', async () => {
  for (const outcome of ['refused', 'not-needed'])
    expect(await ends(await reached(`drill-5-${outcome}`), 'passed', outcome)).toMatchObject({
      passed: false,
    });
  expect(await trust()).toMatchObject({ mayAct: false });
});

test('A proof is sent again while the service is away, and then it is on record.', async () => {
  const { clock, slept } = hurriedClock();
  const away = disturbed('/proofs', [
    () => new Error('connection refused'),
    () => new Response('', { status: 503 }),
  ]);
  const proof = await ends(await reached('drill-6', { deps: { clock, fetch: away } }), 'passed');
  expect(proof).toMatchObject({ passed: true, delivered: true });
  expect(slept).toEqual([0, 1000, 3000]);
});

test('What cannot be delivered is said in the journal, with what it means and how a person tells the service.', async () => {
  await ends(await reached('drill-7'), 'passed');
  const { clock, slept } = hurriedClock();
  const gone = disturbed(
    '/proofs',
    Array(3).fill(() => new Error('connection refused')),
  );
  const failed = await ends(await reached('drill-8', { deps: { clock, fetch: gone } }), 'failed');
  expect(failed).toMatchObject({ passed: false, delivered: false });
  expect(failed?.text).toMatch(/connection refused.*may act by itself although this drill did not pass/);
  expect(failed?.text).toContain(
    `-d '{"runbook":"${runbook}","drill":"short-cut","run":"drill-8","passed":false,"hash":"`,
  );
  expect(failed?.text).toContain(`"}' ${url}/proofs`);
  expect(slept).toEqual([0, 1000, 3000]);
  const no = disturbed(
    '/proofs',
    Array(9).fill(() => new Response('', { status: 404 })),
  );
  const refused = await ends(await reached('drill-9', { deps: { clock, fetch: no } }), 'passed');
  expect(refused).toMatchObject({ delivered: false, text: expect.stringContaining('HTTP 404') });
  expect(slept).toEqual([0, 1000, 3000, 0]);
});

test('A runbook that was changed while the drill ran is not proven by it.', async () => {
  const run = await reached('drill-10');
  run.rehearsed = { id: runbook, hash: 'of the text that was there before' };
  expect(await ends(run, 'passed')).toMatchObject({
    delivered: false,
    text: expect.stringContaining('was changed while the drill ran'),
  });
});

test('A drill that holds the runbooks rehearses none, and proves none.', async () => {
  const run = await reached('drill-11', { runbooks: 'hold' });
  await beginRehearsal(run);
  expect(run.rehearsed).toBeUndefined();
  expect(await ends(run, 'passed')).toBeUndefined();
});

test('The preflight refuses a runbook that the service does not have, a token that it does not take, and a service that is away.', async () => {
  await expect(reached('drill-12', { wanted: 'mend-everything' })).rejects.toMatchObject({
    code: 'drill.no-runbook',
    message: 'the runbook service has no runbook mend-everything',
    mend: expect.stringContaining('andon runbook list'),
  });
  await expect(reached('drill-13', { token: 'another-token-altogether' })).rejects.toMatchObject({
    message: expect.stringContaining('HTTP 401'),
    mend: expect.stringContaining('runbooks.token'),
  });
  const away = disturbed('/-/healthy', [() => new Error(`nobody at ${nowhere}`)]);
  await expect(reached('drill-14', { deps: { fetch: away } })).rejects.toMatchObject({
    code: 'drill.no-runbooks',
    mend: expect.stringContaining('andon runbook serve'),
  });
});

test('A rehearsal that cannot be ended is no trouble: its lease ends by itself.', async () => {
  const calls: string[] = [];
  const cut: typeof fetch = async (input, init) => {
    calls.push(`${init?.method} ${new URL(String(input)).pathname}`);
    // What a drill that is killed leaves behind lasts no longer than this.
    if (init?.method === 'PUT') expect(JSON.parse(String(init.body))).toMatchObject({ leaseMs: 10_000 });
    if (init?.method === 'DELETE') throw new Error('connection refused');
    return fetch(input, init);
  };
  const run = await reached('drill-15', { deps: { fetch: cut } });
  await beginRehearsal(run);
  await run.cleanUp.disposeAsync();
  expect(calls.slice(-2)).toEqual(['PUT /rehearsals', 'DELETE /rehearsals']);
  expect(lastOf(run.journal.events, 'note')?.text).toMatch(/ends by itself within 10 s: connection refused/);
  await fetch(`${url}/rehearsals?holder=drill-15`, { method: 'DELETE', headers });
});
