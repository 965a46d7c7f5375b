import type { Request, RequestHandler } from 'express';
import type { Targets } from '../../kit/targets.ts';
import type { Collector } from '../collector.ts';
import { probeTargets } from './selection.ts';

/** A group of Prometheus' HTTP service discovery. https://prometheus.io/docs/prometheus/latest/http_sd/ */
export interface DiscoveredGroup {
  readonly targets: readonly [address: string];
  readonly labels: Readonly<Record<string, string>>;
}

/** One group for each target of which something can be measured, all at the address under which this exporter was asked. */
export function discoverRoute(collectors: readonly Collector[], targets: Targets): RequestHandler {
  return (request, response) => {
    const address = request.get('host') ?? `${request.socket.localAddress}:${request.socket.localPort}`;
    const groups = probeTargets(collectors).map((name): DiscoveredGroup => {
      const names = collectors.filter(({ target }) => target === name).map((collector) => collector.name);
      return { targets: [address], labels: { ...wayTo(name, request), ...about(name, targets, names) } };
    });
    response.json(groups);
  };
}

/** What Prometheus scrapes. Behind a proxy that speaks TLS for us the scheme is up to the scrape configuration. */
const wayTo = (name: string, { secure }: Request) => ({
  ...(secure ? { __scheme__: 'https' } : {}),
  __metrics_path__: '/probe',
  __param_target: name,
  // All stand at one address: without a name of its own for each, the `up` of one would overwrite that of another.
  instance: name,
});

/** `kind` stays with the series; what begins with __meta can be used in relabel_configs, and vanishes after them. */
function about(name: string, targets: Targets, collectors: readonly string[]) {
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  return {
    kind: target?.kind ?? collectors[0] ?? '',
    __meta_andon_target: name,
    __meta_andon_kind: target?.kind ?? '',
    // With commas around it, as all service discoveries write lists: a regular expression then needs no cases.
    __meta_andon_collectors: `,${collectors.join(',')},`,
    __meta_andon_production: String(target?.production ?? false),
    __meta_andon_drillable: String(target?.drillable ?? false),
  };
}
