import express, { type Express } from 'express';
import { z } from 'zod';
import { carriesToken } from '../../kit/bearer.ts';
import { answerErrors, notFound, parsed } from '../http-errors.ts';
import { answerLease } from '../lease-refusal.ts';
import { Refusal } from '../refusal.ts';
import type { SparseLog } from '../sparse-log.ts';
import type { Releases } from './releases.ts';

const holder = z.string().min(1).max(200);

const wishSchema = z.strictObject({
  // It becomes part of a file's name.
  version: z.string().regex(/^\w[\w.+-]{0,59}$/, 'letters, digits, dots, + and -'),
  holder,
  share: z.number().gt(0).max(1),
  fails: z.number().min(0).max(1).default(0),
  // An hour is far beyond any rehearsal: what asks for more has mistaken the unit.
  leaseMs: z.int().min(100).max(3_600_000).optional(),
  renew: z.boolean().optional(),
});
const word = z.string().min(1).max(200);
const promoteSchema = z.strictObject({ holder });
const rollbackSchema = z.strictObject({ from: word, by: word.default('others'), operation: word.optional() });
const withdrawSchema = z.object({
  holder: holder.optional(),
  by: word.optional(),
  operation: word.optional(),
});

/** The API by which versions of the MES are tried, withdrawn and promoted. */
export function controlApi(releases: Releases, token: string, log: SparseLog): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use((request, _response, next) => {
    if (!carriesToken(request.headers.authorization, token))
      throw new Refusal(401, 'token', 'the bearer token of the router is required');
    next();
  });
  app.use(express.json({ limit: '10kb' }));
  app.get('/release', (_request, response) => void response.json(releases.describe()));
  app.put('/release/candidate', (request, response) => {
    answerLease(response, releases.deploy(parsed(wishSchema, request.body)), () => releases.describe());
  });
  app.delete('/release/candidate', async (request, response) => {
    const { holder: of, by, operation } = parsed(withdrawSchema, request.query);
    await releases.withdraw(of, { by: by ?? (of === undefined ? 'others' : 'holder'), operation });
    response.json(releases.describe());
  });
  app.post('/release/promote', (request, response) => {
    const { holder: by } = parsed(promoteSchema, request.body);
    answerLease(response, releases.promote(by), () => releases.describe());
  });
  app.post('/release/rollback', async (request, response) => {
    const { from, by, operation } = parsed(rollbackSchema, request.body);
    answerLease(response, await releases.rollback(from, { by, operation }), () => releases.describe());
  });
  return app.use(notFound, answerErrors(log));
}
