import express, { type Express } from 'express';
import { z } from 'zod';
import { type Clock, isoTime } from '../../kit/clock.ts';
import { listen } from '../../kit/http-server.ts';
import { answerErrors, notFound, parsed } from '../http-errors.ts';
import { traceRequests } from '../http-tracing.ts';
import type { ProcessContext, RunningProcess } from '../run-process.ts';
import type { EsignSettings } from '../settings.ts';
import { SparseLog } from '../sparse-log.ts';
import { SigningBook } from './signing-book.ts';

/** Starts the e-signature service: somebody else's, reached over the internet in a real plant. */
export async function startEsign(
  settings: EsignSettings,
  { log, clock, signal }: ProcessContext,
): Promise<RunningProcess> {
  const parts = { latencyMs: settings.latency_ms, clock, log: new SparseLog(log, clock), signal };
  const server = await listen(esignApp(parts), settings.listen);
  log.info({ url: server.url }, 'the e-signature service is ready');
  return server;
}

const signatureRequest = z.object({
  id: z.string().min(1).max(200),
  /** What is signed, in the customer's own words. */
  subject: z.record(z.string(), z.json()),
});

interface EsignParts {
  latencyMs: number;
  clock: Clock;
  log: SparseLog;
  signal: AbortSignal;
}

/** The service's HTTP API. */
function esignApp({ latencyMs, clock, log, signal }: EsignParts): Express {
  const book = new SigningBook();
  const app = express().disable('x-powered-by').disable('etag');
  app.use(express.json({ limit: '64kb' }), traceRequests);
  app.post('/signatures', async (request, response) => {
    const { id, subject } = parsed(signatureRequest, request.body);
    await clock.sleep(latencyMs, signal);
    const { signature, isNew } = book.sign(id, JSON.stringify(subject), isoTime(clock.now()));
    response.status(isNew ? 201 : 200).json(signature);
  });
  app.get('/-/healthy', (_request, response) => void response.json({ healthy: true }));
  app.get('/-/status', (_request, response) => {
    response.json({ signed: book.signed, repeated: book.repeated });
  });
  app.use(notFound, answerErrors(log));
  return app;
}
