import { z } from 'zod';
import { messageOf } from '../../kit/errors.ts';
import { neverSent } from '../http/never-sent.ts';
import {
  addressUnder,
  authorizationOf,
  excerptOf,
  type HttpTarget,
  httpKinds,
  httpPlaceOf,
  isHttpTarget,
  pathProblem,
} from '../http/request.ts';
import { type NamedTarget, type PlanWorld, type Step, type StepResult, untouched } from '../step.ts';

/** RFC 9110, 9.2.1 and 9.2.2: what asks for no change, and what does no more when it is sent twice. */
const safe: readonly string[] = ['GET', 'HEAD'];
const idempotent: readonly string[] = [...safe, 'PUT', 'DELETE'];

/** What is ours to say: whom it is for, who asks, and how long the message is. */
const ourHeaders = [
  'authorization',
  'connection',
  'content-length',
  'cookie',
  'host',
  'idempotency-key',
  'transfer-encoding',
];
/** So much of an answer is kept. */
const excerptCharacters = 2000;

const params = z
  .strictObject({
    method: z.enum(['GET', 'HEAD', 'PUT', 'DELETE', 'POST', 'PATCH']).default('GET'),
    /** Of the target: `/api/lines/L1/restart`. */
    path: z.string().superRefine((path, context) => {
      const message = pathProblem(path.replaceAll(/\$\{[^}]*\}/g, 'x'));
      if (message !== undefined) context.addIssue({ code: 'custom', message });
    }),
    /** Sent as JSON. */
    body: z.json().optional(),
    headers: z
      .record(
        z
          .string()
          .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'is no name of a header')
          .refine((name) => !ourHeaders.includes(name.toLowerCase()), 'is set by the step itself'),
        z.string(),
      )
      .default({}),
    /** Any 2xx when left out. */
    expect_status: z.array(z.int().min(200).max(599)).min(1).optional(),
    /** That a POST or PATCH may be sent again: the API honours Idempotency-Key, or the author knows it otherwise. */
    repeatable: z.boolean().default(false),
  })
  .superRefine(({ method, body, repeatable }, context) => {
    if (body !== undefined && safe.includes(method))
      context.addIssue({ code: 'custom', path: ['body'], message: `goes not with ${method}` });
    if (repeatable && idempotent.includes(method))
      context.addIssue({ code: 'custom', path: ['repeatable'], message: `${method} always is` });
  });
type Params = z.output<typeof params>;

/** One request to the API of a system. */
export const http: Step<Params> = {
  kind: 'http',
  summary: 'send one request to the HTTP API of a system',
  params,
  targets: httpKinds,
  placeholders: { path: 'url', method: 'refused' },
  repeatable: ({ method, repeatable }) => idempotent.includes(method) || repeatable,
  plan({ method, path, body, expect_status }, world) {
    const { name, target } = httpTargetOf(world);
    const sent = body === undefined ? '' : ` with ${JSON.stringify(body)}`;
    return [
      {
        does: `${method} ${path}${sent}, and expect ${expect_status?.join(' or ') ?? 'a status of 2xx'}`,
        on: `${name} (${httpPlaceOf(target)})`,
        undo: safe.includes(method) ? 'none needed: it only asks' : 'none, unless the runbook has one',
      },
    ];
  },
  async run(params, world, signal) {
    const { name, target } = httpTargetOf(world);
    const address = addressUnder(target.url, params.path);
    if ('problem' in address) return untouched('refused', address.problem);
    const request = requestOf(params, target, world.operation);
    if ('problem' in request) return untouched('refused', request.problem);
    try {
      // Where a redirect leads is not what was asked, and the token is not for there.
      const response = await world.fetch(address.url, { ...request, redirect: 'manual', signal });
      return await resultOf(response, params, `${params.method} ${params.path} on ${name}`);
    } catch (error) {
      const nothing = safe.includes(params.method) || neverSent(error);
      const end = nothing ? '' : '; whether it was carried out is not known';
      return {
        outcome: 'failed',
        summary: `${params.method} ${params.path} on ${name}: ${messageOf(error)}${end}`,
        touched: nothing ? 0 : null,
        details: {},
      };
    }
  },
};

function httpTargetOf({ target }: Pick<PlanWorld, 'target'>): NamedTarget<HttpTarget> {
  if (!target || !isHttpTarget(target.target)) throw new TypeError('the step needs an HTTP API');
  return { name: target.name, target: target.target };
}

function requestOf(
  { method, body, headers }: Params,
  target: HttpTarget,
  operation: string,
): { method: string; headers: Headers; body?: string } | { problem: string } {
  try {
    const all = new Headers({
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
      ...authorizationOf(target),
      // The same for every attempt of this step: who honours it does the work once.
      'idempotency-key': operation,
    });
    return { method, headers: all, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  } catch (error) {
    return { problem: `a header cannot be sent: ${messageOf(error)}` };
  }
}

async function resultOf(response: Response, params: Params, what: string): Promise<StepResult> {
  const { status } = response;
  // Its end may be cut off: the status says all that counts.
  const body = await excerptOf(response, excerptCharacters).catch(() => '');
  const isExpected = params.expect_status?.includes(status) ?? response.ok;
  return {
    outcome: isExpected ? 'succeeded' : 'failed',
    summary: `${what} was answered with ${status}`,
    touched: touchedBy(params.method, status),
    details: { status, body },
  };
}

/** A 4xx says that the request was not carried out (RFC 9110, 15.5); a 5xx or a redirect says nothing about it. */
function touchedBy(method: string, status: number): number | null {
  if (safe.includes(method)) return 0;
  if (status >= 200 && status < 300) return 1;
  return status >= 400 && status < 500 ? 0 : null;
}
