import express, { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { trustIn } from '../intake/trust.ts';
import { answerQuestion } from '../people/answer-question.ts';
import type { Runbook } from '../schema/runbook.ts';
import { brokenOffRollbacks } from '../snapshots/interrupted.ts';
import type { Approval } from '../store/approvals.ts';
import type { Rehearsal } from '../store/proofs.ts';
import { type RunRecord, toRecord } from '../store/run.ts';
import type { Session } from '../store/sessions.ts';
import { statusOf } from './approval-routes.ts';
import type { FailureWindow } from './failure-window.ts';
import type { Question } from './pages/approval-card.ts';
import { assets, type PageContent, page } from './pages/layout.ts';
import { overview, type RunbookLine } from './pages/overview.ts';
import { type PlantTime, plantTime } from './pages/plant-time.ts';
import { runPage } from './pages/run-page.ts';
import { redactedRun } from './redacted-run.ts';
import type { Refusals } from './refusals.ts';
import { runIdOf } from './run-routes.ts';
import { sessionDoor } from './session-door.ts';
import { signInRoutes, signOut } from './sign-in-routes.ts';
import type { WebDeps } from './web-deps.ts';

/** As many runs as somebody scrolls through; older ones are in `andon runbook history`. */
const mostShown = 50;
const formLimit = '8kb';

const answerBody = z.object({
  position: z.coerce.number().pipe(z.int().min(0)),
  plan_hash: z.string().max(200),
  decision: z.enum(['approved', 'rejected']),
});

type PageDeps = WebDeps & { time: PlantTime };

/** What people see and press: server-rendered, behind a session. */
export function pageRoutes(web: WebDeps, refusals: Refusals, failures: FailureWindow): Router {
  const deps = { ...web, time: plantTime(web.timezone) };
  const router = Router();
  for (const { path, type, text } of Object.values(assets))
    router.get(path, (_request, response) => {
      response.set('Cache-Control', 'public, max-age=31536000, immutable').type(type).send(text);
    });
  const form = express.urlencoded({ extended: false, limit: formLimit, inflate: false });
  const door = sessionDoor(web, refusals);
  router.post('/sign-in', form);
  router.use(signInRoutes(web, refusals, failures));
  router.post('/sign-out', form, door, (request, response) => signOut(web, request, response));
  router.get('/', door, (request, response) => send(showOverview(deps, response), request, response));
  router.get('/run/:id', door, (request, response) => show(deps, request, response));
  router.post('/run/:id/answer', form, door, (request, response) => answer(deps, request, response));
  return router;
}

const whenWords: Record<string, string> = { default: 'else ', off_shift: 'off shift ' };

/** The whole page, or for the script only what changes. */
function send(content: PageContent | undefined, request: Request, response: Response): void {
  if (content === undefined) return void response.status(404).type('text').send('There is no such run.\n');
  const isPart = request.headers['x-andon-part'] === 'main';
  response.type('html').send(isPart ? content.main.text : page(content, response.locals.session));
}

const show = (deps: PageDeps, request: Request, response: Response, problem?: string): void =>
  send(showRun(deps, runIdOf(request), response.locals.session, problem), request, response);

function showOverview(deps: PageDeps, response: Response): PageContent {
  const { store, runbooks, snapshots, redact, clock, time } = deps;
  const now = clock.now();
  const record = (id: number): RunRecord[] => {
    const run = store.run(id);
    return run ? [redactedRun(run, redact)] : [];
  };
  const data = {
    questions: questionsOf(store.look.questions(now), record),
    open: store.look.open(mostShown).flatMap(({ id }) => record(id)),
    recent: store.look.recent(mostShown).map((run) => redactedRun(toRecord(run, []), redact)),
    hold: store.holds.current(now),
    brokenOff: brokenOffRollbacks(snapshots),
    runbooks: runbooks.map((one) => lineOf(one, store, now)),
    ...{ now, time },
  };
  return overview(data, response.locals.session);
}

const questionsOf = (approvals: readonly Approval[], record: (id: number) => RunRecord[]): Question[] =>
  approvals.flatMap((approval) => record(approval.runId).map((run) => ({ approval, run })));

function lineOf(runbook: Runbook, store: WebDeps['store'], now: number): RunbookLine {
  const { id, title, mode } = runbook;
  const [rehearsal] = store.proofs.rehearsing(id, now);
  const { mayAct, because } = trustIn(runbook, store.proofs, now);
  const entries = Object.entries(mode);
  const modes =
    entries.length === 1
      ? mode.default
      : entries.map(([when, what]) => `${whenWords[when] ?? `tier ${when} `}${what}`).join(', ');
  const isAuto = Object.values(mode).includes('auto');
  const why = isAuto ? because : 'its mode never lets it';
  return {
    ...{ id, title, modes },
    acts: rehearsal !== undefined || (isAuto && mayAct),
    because: rehearsal === undefined ? why : `${rehearsal.holder} rehearses it${onTargets(rehearsal)}`,
  };
}

const onTargets = ({ targets }: Rehearsal): string =>
  targets === null || targets.length === 0 ? '' : ` on ${targets.join(', ')}`;

function showRun(
  { store, redact, clock, time }: PageDeps,
  id: number | undefined,
  session: Session,
  problem?: string,
): PageContent | undefined {
  const found = id === undefined ? undefined : store.run(id);
  if (id === undefined || !found) return undefined;
  const now = clock.now();
  const run = redactedRun(found, redact);
  const approvals = store.approvals.of(id);
  const open = approvals.filter(
    ({ decision, expiresAt }) => decision === null && expiresAt > now && found.finishedAt === null,
  );
  return runPage({ run, approvals, questions: questionsOf(open, () => [run]), problem, now, time }, session);
}

function answer(deps: PageDeps, request: Request, response: Response): void {
  const body = answerBody.safeParse(request.body);
  const runId = runIdOf(request);
  if (!body.success || runId === undefined)
    return void response.status(400).type('text').send('That is no answer.\n');
  const { person } = response.locals.session as Session;
  const { position, plan_hash: planHash, decision } = body.data;
  const result = answerQuestion({ runId, position, planHash, decision, person }, deps);
  if (!result.ok) {
    response.status(statusOf[result.code]);
    show(deps, request, response, result.reason);
    return;
  }
  deps.engine.ring();
  response.redirect(303, `/run/${runId}`);
}
