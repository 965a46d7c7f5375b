import { closest } from '../../kit/spelling.ts';
import type { Targets } from '../../kit/targets.ts';
import type { Collector } from '../collector.ts';
import { quoted, RequestRefused } from './request-refused.ts';

/** The collectors that a request asks for. */
export interface Selection {
  readonly collectors: ReadonlySet<Collector>;
  /** Whether the metrics of the exporter's own process are asked for. */
  readonly own: boolean;
}

/** What `collect` calls the metrics of the exporter's own process, at /metrics. */
export const ownProcess = 'process';

/** The query of a request: node:http leaves it as it came. */
export const queryOf = (url: string): URLSearchParams =>
  new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '');

/** Those of /metrics: all that stand there, or what `collect[]` names of them. */
export function selectAtMetrics(query: URLSearchParams, collectors: readonly Collector[]): Selection {
  const names = collectNames(query);
  if (names.length === 0) return { collectors: new Set(collectors), own: true };
  const known = [...collectors.map(({ name }) => name), ownProcess];
  return { collectors: named(names, collectors, known, '/metrics'), own: names.includes(ownProcess) };
}

/** Those of the one target that /probe asks for, or what `collect[]` names of them. */
export function selectProbe(
  query: URLSearchParams,
  collectors: readonly Collector[],
  targets: Targets,
): Selection {
  const target = probedTarget(query, probeTargets(collectors), targets);
  const ofTarget = collectors.filter((collector) => collector.target === target);
  const names = collectNames(query);
  const known = ofTarget.map(({ name }) => name);
  return {
    collectors: names.length === 0 ? new Set(ofTarget) : named(names, ofTarget, known, quoted(target)),
    own: false,
  };
}

/** The names that /probe takes: everything of which something can be measured. */
export const probeTargets = (collectors: readonly Collector[]): string[] => [
  ...new Set(collectors.map(({ target }) => target)),
];

function probedTarget(query: URLSearchParams, measured: readonly string[], targets: Targets): string {
  const asked = query.getAll('target');
  const [target] = asked;
  const known = `Can be probed: ${listOf(measured)}`;
  if (target === undefined || target === '')
    throw new RequestRefused(400, `which target? Ask /probe?target=NAME. ${known}`);
  if (asked.length > 1) throw new RequestRefused(400, `one target at a time: ${asked.length} were asked for`);
  if (measured.includes(target)) return target;
  const kind = Object.hasOwn(targets, target) ? targets[target]?.kind : undefined;
  if (kind !== undefined)
    throw new RequestRefused(
      404,
      `nothing can be measured of ${quoted(target)}, which is of kind ${kind}. ${known}`,
    );
  throw new RequestRefused(404, `no target is called ${quoted(target)}.${hint(target, measured)} ${known}`);
}

/** Both forms that exporters know: `collect[]=a&collect[]=b`, and without brackets, which service discovery can send. */
const collectNames = (query: URLSearchParams): string[] => [
  ...query.getAll('collect[]'),
  ...query.getAll('collect'),
];

function named(
  names: readonly string[],
  collectors: readonly Collector[],
  known: readonly string[],
  where: string,
): Set<Collector> {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new RequestRefused(
      400,
      `${where} has no collector ${quoted(unknown)}.${hint(unknown, known)} It has: ${listOf(known)}`,
    );
  return new Set(collectors.filter(({ name }) => names.includes(name)));
}

// Comparing takes time with the length; no name is that long.
function hint(word: string, known: readonly string[]): string {
  const near = closest(word.slice(0, 100), known);
  return near === undefined ? '' : ` Did you mean "${near}"?`;
}

const listOf = (names: readonly string[]): string =>
  names.length === 0 ? 'nothing' : [...new Set(names)].join(', ');
