import { metrics } from '../catalogue.ts';
import { type Collected, type Collector, collectorTimeoutMs } from '../collector.ts';
import type { DatabaseSession } from '../databases/session.ts';
import { type CollectorKind, listed } from '../exporter-setup.ts';
import {
  type JobOrderState,
  jobOrderStateOf,
  jobOrderStates,
  terminalPlantStates,
} from '../job-order-state.ts';
import { type Sample, sample } from '../sample.ts';

const statesQuery = `
SELECT state, count(*)::float8 AS orders, extract(epoch FROM min(state_entered_at))::float8 AS oldest_entry
FROM work_orders GROUP BY state`;

const transitionsQuery = `
SELECT line, from_state, to_state, count(*)::float8 AS transitions
FROM transitions GROUP BY line, from_state, to_state`;

type StateRow = {
  state: string;
  orders: number;
  oldest_entry: number;
};

type TransitionRow = {
  line: string;
  from_state: string;
  to_state: string;
  transitions: number;
};

/** The longest time that a work order should stay in a state, in milliseconds. */
export type StateLimits = Readonly<Partial<Record<JobOrderState, number | undefined>>>;

export interface WorkOrdersSource {
  /** The target that is the MES, whose work orders these are. */
  mes: string;
  /** The target that is its database, which is asked. */
  database: string;
  session: DatabaseSession;
  limits: StateLimits;
}

/** The work orders of an MES by state, read from its database: what a lock on that table hides, and only that. */
export const workOrders: CollectorKind = ({ config, targets, sessions }) =>
  listed(config.mes, targets, 'mes').flatMap(([name, { database }]) =>
    listed([database], targets, 'postgres').map(([, target]) =>
      workOrdersOf({
        mes: name,
        database,
        session: sessions.shared(database, target),
        limits: config.state_limits,
      }),
    ),
  );

function workOrdersOf({ mes, database, session, limits }: WorkOrdersSource): Collector {
  const limitSamples = stateLimits(mes, limits);
  return {
    name: 'work_orders',
    target: database,
    timeoutMs: collectorTimeoutMs,
    whenSilent: limitSamples,
    async collect(run): Promise<Collected> {
      const parts = [
        async () => stateSamples(mes, await session.query<StateRow>(statesQuery, run)),
        async () => transitionSamples(mes, await session.query<TransitionRow>(transitionsQuery, run)),
      ];
      const samples = [...limitSamples];
      const failures: unknown[] = [];
      for (const part of parts)
        await part().then(
          (found) => samples.push(...found),
          (error) => failures.push(error),
        );
      return failures.length === 0 ? { samples } : { samples, failure: failures[0] };
    },
    [Symbol.dispose]: () => {},
  };
}

const stateLimits = (target: string, limits: StateLimits): Sample[] =>
  jobOrderStates.flatMap((state) => {
    const limitMs = limits[state];
    return limitMs === undefined
      ? []
      : [sample(metrics.workOrderStateLimit, { target, state }, limitMs / 1000)];
  });

function stateSamples(target: string, rows: readonly StateRow[]): Sample[] {
  const byState = Map.groupBy(rows, ({ state }) => knownState(state));
  return jobOrderStates.flatMap((state) => {
    const inState = byState.get(state) ?? [];
    const orders = inState.reduce((total, row) => total + row.orders, 0);
    const unfinished = inState.filter((row) => !terminalPlantStates.includes(row.state));
    const oldest = Math.min(...unfinished.map((row) => row.oldest_entry));
    const counted = sample(metrics.workOrders, { target, state }, orders);
    return unfinished.length === 0
      ? [counted]
      : [counted, sample(metrics.workOrderOldestStateEntry, { target, state }, oldest)];
  });
}

function transitionSamples(target: string, rows: readonly TransitionRow[]): Sample[] {
  const totals = new Map<
    string,
    { labels: Record<'target' | 'line' | 'from' | 'to', string>; total: number }
  >();
  for (const row of rows) {
    const labels = { target, line: row.line, from: knownState(row.from_state), to: knownState(row.to_state) };
    const key = JSON.stringify(labels);
    totals.set(key, { labels, total: (totals.get(key)?.total ?? 0) + row.transitions });
  }
  return [...totals.values()].map(({ labels, total }) => sample(metrics.workOrderTransitions, labels, total));
}

function knownState(plantState: string): JobOrderState {
  const state = jobOrderStateOf(plantState);
  if (state === undefined)
    throw new Error(`work orders are in the state "${plantState}", which ISA-95 has no name for`);
  return state;
}
