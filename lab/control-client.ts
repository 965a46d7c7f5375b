import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { UnavailableError, UsageError } from '../kit/errors.ts';
import type { ServiceVerb } from './control.ts';
import type { ServiceState } from './controlled-service.ts';
import { labStatus } from './status.ts';

/** The slowest service, on a busy computer. */
const limitMs = 180_000;

const stateSchema = z.object({
  service: z.string(),
  state: z.enum(['running', 'stopped']),
  pid: z.int().optional(),
});
const refusalSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), mend: z.string().optional() }),
});

/** Asks the lab that runs in that folder. Throws UsageError for a service it has not, UnavailableError when it cannot. */
export async function askLab(
  dir: string,
  verb: ServiceVerb,
  service: string,
  { fetch, signal }: { fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<ServiceState> {
  const response = await request(dir, `/services/${encodeURIComponent(service)}/${verb}`, { fetch, signal });
  const body: unknown = await response.json();
  if (response.ok) {
    const { pid, ...state } = stateSchema.parse(body);
    return pid === undefined ? state : { ...state, pid };
  }
  const { code, message, mend } = refusalSchema.parse(body).error;
  const Refusal = response.status === 404 ? UsageError : UnavailableError;
  throw new Refusal(code, message, { mend });
}

async function request(
  dir: string,
  what: string,
  { fetch, signal }: { fetch: typeof globalThis.fetch; signal: AbortSignal },
): Promise<Response> {
  const lab = labStatus(dir);
  const mend = 'Start one in its directory with: andon lab up';
  if (!lab.running) throw new UnavailableError('lab.none', `no lab is running in ${dir}`, { mend });
  try {
    return await fetch(`${lab.addresses.control}${what}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${readFileSync(path.join(dir, 'secrets', 'control'), 'utf8')}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw new UnavailableError('lab.no-answer', 'the lab does not answer', {
      mend: 'See: andon lab status',
      cause,
    });
  }
}
