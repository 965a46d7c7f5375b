import type { Facts } from '../expectations.ts';
import { count, list, plural, seconds } from '../numbers.ts';
import type { Finding, Report } from '../schema.ts';

type Production = Report['production'];

/** What the production ledger says is missing, doubled, old or in the wrong order; and how long lines stood. */
export function productionFindings({ production }: Facts): Finding[] {
  const { lost, duplicated, stale, outOfOrder, lineStopSeconds } = production;
  const found: Finding[] = [];
  if (lost > 0) found.push(lostOperations(production));
  if (duplicated > 0) found.push(doubledOperations(production));
  if (stale > 0) found.push(staleSources(production));
  if (outOfOrder > 0) found.push(disorder(production));
  if (lineStopSeconds > 0) found.push(lineStop(lineStopSeconds));
  return found;
}

/** Where a problem was seen, and on which operations: ` in ERP and WMS, for example L1-U3-000123`. */
function where({ examples }: Production, problem: string): string {
  const shown = examples.filter((example) => example.problem === problem);
  if (shown.length === 0) return '';
  const systems = [...new Set(shown.map(({ system }) => system))];
  const operations = [...new Set(shown.map(({ operation }) => operation))].slice(0, 3);
  return ` in ${list(systems)}, for example ${list(operations)}`;
}

const systemsOf = ({ examples }: Production, problem: string): Set<string> =>
  new Set(
    examples.filter((example) => example.problem === problem).map(({ system }) => system.toLowerCase()),
  );

function lostOperations(production: Production): Finding {
  const inMes = systemsOf(production, 'lost').has('mes');
  return {
    severity: 'critical',
    text: `${plural(production.lost, 'operation')} of ${count(production.acknowledged)} that were acknowledged ${production.lost === 1 ? 'is' : 'are'} missing${where(production, 'lost')}.`,
    ...(inMes
      ? {
          cause: 'Somebody said “done” before the operation was stored for good, or gave up sending it.',
          fix: 'Let the gateway write its journal (fsync) before it acknowledges, and retry (30 s, then at every sign of life) until the MES has answered.',
        }
      : {
          cause: 'The MES has them, but what it told the queue got lost between commit and publish.',
          fix: 'Write each operation and its event in one transaction (outbox), publish with confirms, and retry until the broker has confirmed.',
        }),
  };
}

const doubledOperations = (production: Production): Finding => ({
  severity: 'critical',
  text: `${plural(production.duplicated, 'operation')} took effect more than once${where(production, 'duplicated')}.`,
  cause: 'A retry or a redelivery was taken for new work.',
  fix: 'Give every operation an id that is unique in each system’s database, let the MES keep idempotency keys, and let consumers drop what they already have.',
});

const staleSources = (production: Production): Finding => ({
  severity: 'critical',
  text: `${plural(production.stale, 'work unit')} ${production.stale === 1 ? 'shows' : 'show'} an older state than was acknowledged${where(production, 'stale')}.`,
  cause: 'A late replay overwrote something newer, or the newest report has not arrived.',
  fix: 'Compare sequence numbers before overwriting: a replay never lowers what is shown.',
});

const disorder = (production: Production): Finding => ({
  severity: production.ok ? 'info' : 'warning',
  text: `${plural(production.outOfOrder, 'operation')} ${production.outOfOrder === 1 ? 'was' : 'were'} applied after a later one of the same work unit.`,
  cause: 'Retries overtook each other, or several workers took from one queue.',
  fix: 'Send first in, first out for each work unit, one at a time; where consumers run in parallel, order by sequence number.',
});

const lineStop = (stopped: number): Finding => ({
  severity: 'info',
  text: `Lines stood still for ${seconds(stopped)} in all: nothing was acknowledged there for longer than the limit.`,
  cause: 'Work waited for a system behind the line.',
  fix: 'Let the line go on by its gateway’s journal, so that nobody waits for MES or database.',
});
