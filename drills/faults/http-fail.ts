import { UnavailableError, UsageError } from '../../kit/errors.ts';
import type { TargetOf } from '../../kit/targets.ts';
import type { Fault, NamedTarget, Plan } from '../fault.ts';
import { leaseMs } from '../lease.ts';
import { asKind } from '../named-target.ts';
import { HttpFaultClient } from '../proxy/http-fault-client.ts';
import { runName } from '../run-name.ts';
import { HttpFailure } from './http-fail/http-failure.ts';
import { effectOf, type HttpFailParams, httpFailParams, httpFaultOf, whichOf } from './http-fail/params.ts';

/**
 * Makes an HTTP dependency fail at Andon's proxy. The fault is a lease of 4 s that the runner renews every second, so that the
 * proxy itself heals the link when nobody renews.
 */
export const httpFail: Fault<HttpFailParams> = {
  kind: 'http.fail',
  summary: 'makes an HTTP service fail: errors, delay, no answer, nonsense or resets',
  affects: 'request',
  params: httpFailParams,
  targets: ['link'],
  plan(params, named, run, durationMs): Plan {
    const { link, control } = httpLink(named);
    const fault = httpFaultOf(params);
    return {
      kind: 'http.fail',
      target: named.name,
      run,
      effects: [
        `asks the proxy at ${control} to make link ${link} fail: ${whichOf(fault)} ${effectOf(fault)}`,
        `the proxy heals it by itself ${leaseMs / 1000} s after the last sign of life of the drill`,
      ],
      undo: { kind: 'http-link.restore', target: named.name, holder: runName(run) },
      durationMs,
    };
  },
  async demand(_params, named, { fetch }) {
    const { control, link } = httpLink(named);
    const { httpFaults } = await stateOf(named, fetch);
    if (!httpFaults)
      throw new UnavailableError('http-fail.tcp-link', `${named.name}: the proxy knows "${link}" as bytes`, {
        mend: `Say protocol: http for it in the links file, and start the proxy at ${control} again.`,
      });
    const [other] = httpFaults;
    if (other) throw refused(named, `link ${link} is held by ${other.holder} already`);
  },
  async inject(plan, params, named, host, signal) {
    const client = new HttpFaultClient(httpLink(named), host.fetch);
    const failure = new HttpFailure({ plan, fault: httpFaultOf(params), client, host });
    const refusal = await failure.begin(signal);
    if (refusal !== undefined) throw refused(named, refusal);
    return failure;
  },
};

function httpLink({ name, target }: NamedTarget): TargetOf<'link'> {
  const link = asKind(target, name, 'link');
  if (link.protocol === 'http') return link;
  throw new UsageError(
    'http-fail.tcp-link',
    `${name} is a link of bytes: http.fail cannot tell its requests`,
    {
      mend: 'Say protocol: http for it, in the links file and in andon.yaml; or break it by network.cut.',
    },
  );
}

async function stateOf(named: NamedTarget, fetcher: typeof fetch) {
  const link = httpLink(named);
  try {
    return await new HttpFaultClient(link, fetcher).state();
  } catch (cause) {
    throw new UnavailableError(
      'http-fail.no-proxy',
      `${named.name}: the proxy at ${link.control} is no help`,
      {
        mend: `Start it with \`andon links\`, and name the link as its file does: ${link.link}`,
        cause,
      },
    );
  }
}

const refused = ({ name }: NamedTarget, why: string): UnavailableError =>
  new UnavailableError('http-fail.refused', `${name}: ${why}`, {
    mend: 'Another drill is at work there: wait for it, or run: andon drill clean',
  });
