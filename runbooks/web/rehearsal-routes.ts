import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { type Clock, isoTime } from '../../kit/clock.ts';
import type { AuditLog } from '../audit/audit.ts';
import { trustIn } from '../intake/trust.ts';
import { hashOfRunbook, type Runbook } from '../schema/runbook.ts';
import type { RunStore } from '../store/store.ts';

interface RehearsalDeps {
  store: RunStore;
  audit: AuditLog;
  runbooks: readonly Runbook[];
  clock: Clock;
}

/** A drill renews its lease every few seconds: what asks for more has mistaken the unit. */
const longestLeaseMs = 10 * 60_000;
const name = z.string().min(1).max(200);

const rehearsalBody = z.strictObject({
  runbook: name,
  holder: name,
  leaseMs: z.int().min(1).max(longestLeaseMs),
  /** Production targets that the user of the drill has confirmed by name. */
  production: z.array(name).default([]),
  /** The targets that the drill is about: of those that alerts choose, it covers no other one. Left out by older drills: it covers all. */
  targets: z.array(name).nullable().default(null),
});
const proofBody = z.strictObject({
  runbook: name,
  drill: name,
  /** The run of the drill. */
  run: name,
  passed: z.boolean(),
  /** The text that ran; that of now when left out. */
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

/**
 * How drills prove runbooks: while a drill holds a rehearsal the runbook may act, and its end is on record for the text that
 * the service has now.
 */
export function rehearsalRoutes(deps: RehearsalDeps): Router {
  const router = Router();
  router.put('/rehearsals', (request, response) => putRehearsal(deps, request, response));
  router.delete('/rehearsals', (request, response) => endRehearsal(deps, request, response));
  router.post('/proofs', (request, response) => recordProof(deps, request, response));
  router.get(
    '/runbooks',
    (_request, response) => void response.json(deps.runbooks.map((one) => describe(one, deps))),
  );
  return router;
}

const describe = (runbook: Runbook, { store, clock }: RehearsalDeps) => ({
  ...{ id: runbook.id, title: runbook.title, mode: runbook.mode, hash: hashOfRunbook(runbook) },
  trust: trustIn(runbook, store.proofs, clock.now()),
});

function putRehearsal(
  { store, audit, runbooks, clock }: RehearsalDeps,
  request: Request,
  response: Response,
): void {
  const body = rehearsalBody.safeParse(request.body);
  if (!body.success) return void response.status(400).json({ error: z.prettifyError(body.error) });
  const { leaseMs, ...wish } = body.data;
  const { runbook, holder } = wish;
  if (!runbooks.some(({ id }) => id === runbook))
    return void response.status(404).json({ error: `no runbook is called "${runbook}"` });
  const now = clock.now();
  const expiresAt = now + leaseMs;
  // Renewals are not worth a line each.
  if (store.proofs.rehearse({ ...wish, expiresAt }, now))
    audit.append('rehearsal.begun', { ...wish, expiresAt: isoTime(expiresAt) });
  response.json({ runbook, holder, expiresAt: isoTime(expiresAt) });
}

function endRehearsal({ store, audit }: RehearsalDeps, request: Request, response: Response): void {
  const holder = String(request.query.holder ?? '');
  if (store.proofs.endRehearsal(holder) > 0) audit.append('rehearsal.ended', { holder });
  response.status(204).end();
}

function recordProof(
  { store, audit, runbooks, clock }: RehearsalDeps,
  request: Request,
  response: Response,
): void {
  const body = proofBody.safeParse(request.body);
  if (!body.success) return void response.status(400).json({ error: z.prettifyError(body.error) });
  const { runbook: id, drill, run, passed, hash } = body.data;
  const runbook = runbooks.find((one) => one.id === id);
  if (!runbook) return void response.status(404).json({ error: `no runbook is called "${id}"` });
  const proof = {
    runbook: id,
    drillRun: run,
    runbookHash: hash ?? hashOfRunbook(runbook),
    drill,
    passed,
    at: clock.now(),
  };
  audit.append('runbook.proven', { ...proof, at: isoTime(proof.at) });
  store.proofs.record(proof);
  response.json({ trust: trustIn(runbook, store.proofs, clock.now()) });
}
