import { z } from 'zod';
import { duration } from '../../../kit/duration.ts';
import type { HttpFault } from '../../proxy/http-link-fault.ts';

/** The ways in which a service fails; one of them stands in a drill. */
const ways = ['answers', 'delay', 'never', 'nonsense', 'reset'] as const;

const failing = 'must be a status that says "failed": 400 to 599';

/** What stands under `with:`. */
export const httpFailParams = z
  .strictObject({
    /** It answers by itself, with this status. */
    answers: z.int().min(400, failing).max(599, failing).optional(),
    /** It answers so much later. */
    delay: duration.refine((ms) => ms > 0, 'must be longer than 0s').optional(),
    /** The delay is that much shorter or longer, evenly distributed. */
    jitter: duration.prefault('0s'),
    /** It takes the request and never answers. */
    never: z.literal(true).optional(),
    /** It answers what no client can read: in turn a page instead of data, data that breaks off, and no HTTP. */
    nonsense: z.literal(true).optional(),
    /** It resets the connection. */
    reset: z.literal(true).optional(),
    /** The share of the requests that fail so, by lot. */
    ratio: z.number().gt(0).max(1).default(1),
    /** Only requests whose path begins with this. */
    path: z.string().startsWith('/').optional(),
    /** Only requests of this method. */
    method: z
      .string()
      .regex(/^[A-Z]+$/, 'must be a method in capitals, such as POST')
      .optional(),
  })
  .superRefine((params, context) => {
    const given = ways.filter((way) => params[way] !== undefined);
    const message = `needs exactly one of ${ways.join(', ')}; here ${given.length === 0 ? 'is none' : `are ${given.join(' and ')}`}`;
    if (given.length !== 1) context.addIssue({ code: 'custom', message });
    if (params.jitter > (params.delay ?? 0))
      context.addIssue({ code: 'custom', path: ['jitter'], message: 'must not be longer than delay' });
  });

export type HttpFailParams = z.output<typeof httpFailParams>;

/** The fault as the proxy is asked for it. */
export function httpFaultOf(params: HttpFailParams): HttpFault {
  const { ratio, path, method } = params;
  const which = {
    ratio,
    ...(path === undefined ? {} : { path }),
    ...(method === undefined ? {} : { method }),
  };
  if (params.answers !== undefined) return { kind: 'answer', status: params.answers, ...which };
  if (params.delay !== undefined)
    return { kind: 'delay', delayMs: params.delay, jitterMs: params.jitter, ...which };
  if (params.never) return { kind: 'hang', ...which };
  return { kind: params.reset ? 'reset' : 'garbage', ...which };
}

/** What happens to the requests, as the end of a sentence. */
export function effectOf(fault: HttpFault): string {
  switch (fault.kind) {
    case 'answer':
      return `are answered ${fault.status} by the proxy and do not reach the service`;
    case 'delay':
      return `are passed on ${fault.delayMs} ms later${fault.jitterMs > 0 ? `, ± ${fault.jitterMs} ms` : ''}`;
    case 'hang':
      return 'are not answered; those that still wait at the end are passed on then';
    case 'reset':
      return 'have their connection reset';
    case 'garbage':
      return 'are answered with nonsense: in turn a page instead of data, data that breaks off, and no HTTP at all';
  }
}

/** Which requests are meant, as the begin of a sentence. */
export const whichOf = ({ ratio, path, method }: HttpFault): string =>
  [
    ratio < 1 ? `${Number((ratio * 100).toFixed(2))} % of` : 'all',
    method === undefined ? 'requests' : `${method} requests`,
    ...(path === undefined ? [] : [`whose path begins with ${path}`]),
  ].join(' ');
