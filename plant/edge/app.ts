import express, { type Express, type Request } from 'express';
import type { Clock } from '../../kit/clock.ts';
import { traceHeaders } from '../../kit/tracing.ts';
import { callerOf } from '../http-caller.ts';
import { answerErrors, notFound, parsed } from '../http-errors.ts';
import { traceRequests } from '../http-tracing.ts';
import { commandRequestSchema, operationReportSchema } from '../mes-api.ts';
import { Refusal } from '../refusal.ts';
import type { Caller, Line } from '../settings.ts';
import type { SparseLog } from '../sparse-log.ts';
import type { Jobs } from './jobs.ts';
import type { Journal } from './journal.ts';
import { silenceApi } from './silence-api.ts';
import type { Silences } from './silences.ts';

/** What the gateway's HTTP needs of the rest. */
export interface GatewayParts {
  line: Line;
  tokens: Readonly<Record<string, Caller>>;
  journal: Journal;
  jobs: Jobs;
  silences: Silences;
  clock: Clock;
  log: SparseLog;
  /** Something of this source is new in the journal. */
  onEntry(source: string): void;
  status(): unknown;
}

/** The HTTP API of an edge gateway: what it acknowledges is on its disk, whether or not the MES is there. */
export function gatewayApp(parts: GatewayParts): Express {
  const { line, tokens, jobs } = parts;
  const app = express().disable('x-powered-by').disable('etag');
  app.use(express.json({ limit: '256kb' }), traceRequests);
  app.post('/operations', (request, response) => {
    response.status(202).json(takeReport(parts, request));
  });
  app.post('/job-orders/:id/commands', (request, response) => {
    response.status(202).json(takeCommand(parts, request, request.params.id));
  });
  app.get('/units/:unit/job', (request, response) => {
    callerOf(request, tokens);
    const { unit } = request.params;
    if (!line.units.some(({ id }) => id === unit))
      throw new Refusal(404, 'unknown-unit', `${unit} is not on line ${line.id}`);
    const job = jobs.get(unit);
    if (job === undefined) throw new Refusal(404, 'no-job', `${unit} has no order`);
    response.json(job);
  });
  app.use(silenceApi(parts.silences, tokens));
  app.get('/-/healthy', (_request, response) => void response.json({ healthy: true }));
  app.get('/-/status', (_request, response) => void response.json(parts.status()));
  return app.use(notFound, answerErrors(parts.log));
}

function takeReport({ line, tokens, journal, jobs, clock, onEntry }: GatewayParts, request: Request): object {
  const caller = callerOf(request, tokens);
  const operation = parsed(operationReportSchema, request.body);
  if (operation.line !== line.id)
    throw new Refusal(400, 'other-line', `this is the gateway of line ${line.id}, not ${operation.line}`);
  const { op_id: key, source, unit, work_order_id } = operation;
  const { traceparent } = traceHeaders();
  const entry = { key, source, path: '/operations', body: operation, caller, traceparent };
  if (journal.add(entry, clock.now())) {
    jobs.reported(unit, work_order_id);
    onEntry(source);
  }
  return { op_id: key, journaled: true };
}

function takeCommand(
  { line, tokens, journal, jobs, clock, onEntry }: GatewayParts,
  request: Request,
  orderId: string,
): object {
  const caller = callerOf(request, tokens);
  const command = parsed(commandRequestSchema, request.body);
  const key = request.header('idempotency-key');
  if (key === undefined || key === '')
    throw new Refusal(400, 'key', 'the header Idempotency-Key is required');
  // In the queue of its unit, so that a start stays before, and a completion behind, the reports between them.
  const source = command.unit ?? jobs.unitOf(orderId) ?? line.id;
  const path = `/job-orders/${encodeURIComponent(orderId)}/commands`;
  const { traceparent } = traceHeaders();
  if (journal.add({ key, source, path, body: command, caller, traceparent }, clock.now())) {
    jobs.commanded(source, orderId, command.command);
    onEntry(source);
  }
  return { command_id: key, journaled: true };
}
