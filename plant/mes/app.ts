import express, { type Express } from 'express';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import { callerOf, requireRole } from '../http-caller.ts';
import { answerErrors, notFound, parsed } from '../http-errors.ts';
import { traceRequests } from '../http-tracing.ts';
import {
  commandRequestSchema,
  heartbeatsSchema,
  type OperationReported,
  operationReportSchema,
  operationsRequestSchema,
} from '../mes-api.ts';
import { Refusal } from '../refusal.ts';
import type { Caller } from '../settings.ts';
import type { SparseLog } from '../sparse-log.ts';
import { type CommandOptions, execute } from './commands.ts';
import { failSome } from './defect.ts';
import { OperationTally } from './operation-stats.ts';
import { addQuarantines } from './quarantine-api.ts';
import { hearQuarantined } from './quarantines.ts';
import { listJobOrders, noteHeartbeats, stockAsOf } from './queries.ts';
import type { Readiness } from './readiness.ts';
import { type ReportOptions, report } from './reports.ts';
import { requestOperations } from './requests.ts';

/** What the MES's HTTP needs of the rest. */
export interface AppParts {
  database: Database;
  readiness: Readiness;
  tokens: Readonly<Record<string, Caller>>;
  options: CommandOptions & ReportOptions;
  log: SparseLog;
  /** An event is in the outbox. */
  onEvent: () => void;
  /** An event that no outbox holds (weakened). */
  onLooseEvent: (event: OperationReported) => void;
  /** A unit may have become idle, or there may be a new order. */
  onChange: () => void;
  /** The share of the operations that this version fails on purpose. */
  failRatio: number;
}

/** The HTTP API of the MES. A caller who goes away early changes nothing: what he asked for is carried out. */
export function mesApp(parts: AppParts): Express {
  const app = express().disable('x-powered-by').disable('etag');
  const tally = new OperationTally();
  app.use(express.json({ limit: '256kb' }), traceRequests);
  addWrites(app, parts, tally);
  addReads(app, parts);
  addQuarantines(app, parts);
  app.get('/-/healthy', (_request, response) => void response.json({ healthy: true }));
  app.get('/-/ready', async (_request, response) => {
    const ready = await parts.readiness.check();
    response.status(ready ? 200 : 503).json({ ready });
  });
  app.get('/-/stats', (_request, response) => {
    response.json({ operations: tally.stats(), pool: parts.database.usage() });
  });
  app.use(notFound, answerErrors(parts.log));
  return app;
}

const commandName = (body: unknown): string => String((body as { command?: unknown } | undefined)?.command);

function addWrites(app: Express, parts: AppParts, tally: OperationTally): void {
  const { database, tokens, options, onEvent, onLooseEvent, onChange } = parts;
  const defect = failSome(parts.failRatio);
  app.post(
    '/operations',
    tally.measure(() => 'report'),
    defect,
    async (request, response) => {
      const caller = callerOf(request, tokens);
      requireRole(caller, ['operator', 'leader', 'system']);
      const operation = parsed(operationReportSchema, request.body);
      if (idempotencyKey(request.header('idempotency-key')) !== operation.op_id)
        throw new Refusal(400, 'key', 'Idempotency-Key must be the op_id');
      const { applied, event } = await report(database, operation, caller, options);
      if (event) onLooseEvent(event);
      else if (applied) onEvent();
      response.json({ op_id: operation.op_id, applied });
    },
  );
  app.post('/job-orders/:id/commands', tally.measure(commandName), defect, async (request, response) => {
    const caller = callerOf(request, tokens);
    const key = idempotencyKey(request.header('idempotency-key'));
    const command = parsed(commandRequestSchema, request.body);
    const result = await execute(
      database,
      { orderId: String(request.params.id), key, request: command, caller },
      options,
    );
    onEvent();
    onChange();
    response.json(result);
  });
  app.post(
    '/operations-requests',
    tally.measure(() => 'request'),
    defect,
    async (request, response) => {
      requireRole(callerOf(request, tokens), ['director', 'system']);
      const made = await requestOperations(database, parsed(operationsRequestSchema, request.body));
      onChange();
      response.status(201).json(made);
    },
  );
  app.post('/heartbeats', async (request, response) => {
    requireRole(callerOf(request, tokens), ['system']);
    const heartbeats = parsed(heartbeatsSchema, request.body);
    if (await hearQuarantined(database, heartbeats, options.outbox)) {
      onEvent();
      onChange();
    }
    await noteHeartbeats(database, heartbeats);
    response.status(204).end();
  });
}

function idempotencyKey(key: string | undefined): string {
  if (key === undefined || key === '')
    throw new Refusal(400, 'key', 'the header Idempotency-Key is required');
  return key;
}

const listQuerySchema = z.object({
  line: z.string().optional(),
  unit: z.string().optional(),
  /** One state, or several with commas between. */
  state: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

const stockQuerySchema = z.object({ as_of: z.coerce.date().default(() => new Date()) });

function addReads(app: Express, { database, tokens }: AppParts): void {
  app.get('/job-orders', async (request, response) => {
    callerOf(request, tokens);
    const { line, unit, state, limit } = parsed(listQuerySchema, request.query);
    response.json(await listJobOrders(database, { line, unit, states: state?.split(','), limit }));
  });
  app.get('/stock', async (request, response) => {
    callerOf(request, tokens);
    response.json(await stockAsOf(database, parsed(stockQuerySchema, request.query).as_of));
  });
}
