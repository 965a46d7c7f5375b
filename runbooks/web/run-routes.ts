import { type Request, type Response, Router } from 'express';
import { bundleOf } from '../people/hand-off.ts';
import { redactedRun } from './redacted-run.ts';
import type { WebDeps } from './web-deps.ts';

/** Runs as JSON, for programs. */
export function runRoutes(deps: WebDeps): Router {
  const router = Router();
  router.get('/runs', (request, response) => listRuns(deps, request, response));
  router.get('/runs/:id', (request, response) => {
    const id = runIdOf(request);
    const run = id === undefined ? undefined : deps.store.run(id);
    if (run) response.json(redactedRun(run, deps.redact));
    else noRun(response);
  });
  router.get('/runs/:id/bundle', (request, response) => {
    const id = runIdOf(request);
    const run = id === undefined ? undefined : deps.store.run(id);
    if (id === undefined || !run) return noRun(response);
    const about = { kind: 'ended' as const, title: `${run.runbook}: ${run.state}`, text: run.reason };
    const bundle = bundleOf(deps.store, id, about, deps.clock.now());
    response.json({ ...bundle, text: deps.redact(run.reason), run: redactedRun(run, deps.redact) });
  });
  return router;
}

/** The number in the address; undefined when it is none. */
export function runIdOf({ params }: Request): number | undefined {
  const text = String(params.id);
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

const noRun = (response: Response): void => void response.status(404).json({ error: 'there is no such run' });

function listRuns({ store, redact }: WebDeps, request: Request, response: Response): void {
  const { since } = request.query;
  const time = since === undefined ? 0 : Date.parse(String(since));
  if (Number.isFinite(time)) response.json(store.runs(time).map((run) => redactedRun(run, redact)));
  else response.status(400).json({ error: 'since must be a time, as in 2026-01-31T08:15:00.000Z' });
}
