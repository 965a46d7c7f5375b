// People at terminals, played by k6. It runs inside k6, not Node: nothing but k6's own modules and `.k6.ts` files may be
// imported. Each line it logs is one JSON object, read by terminals.ts: k6 cannot write files.
import { ask, type Order, settings, unit } from './terminal-requests.k6.ts';

const { users, quantity, tag, rampMs, durationMs, timeoutMs } = settings;
const conflictsPerOrder = 5;
const onUnit = ['dispatched', 'running', 'paused'];

export const options = {
  // Metrics are computed from the logged requests; fewer tags cost fewer samples here.
  systemTags: ['status'],
  scenarios: {
    terminals: {
      executor: 'ramping-vus',
      startVUs: 0,
      stages: [
        { duration: `${rampMs}ms`, target: users },
        { duration: `${durationMs - rampMs}ms`, target: users },
      ],
      // A request in flight at the end is waited for, so that its acknowledgement is not thrown away.
      gracefulStop: `${timeoutMs + 1000}ms`,
      gracefulRampDown: `${timeoutMs + 1000}ms`,
    },
  },
};

/** What one terminal remembers between two jobs: k6 gives each user its own copy of this module. */
const terminal = { jobs: 0, commands: 0, reported: 0, refused: 0 };

export function setup(): void {
  console.log(JSON.stringify({ started: new Date().toISOString() }));
}

/** k6's own summary is not wanted. */
export function handleSummary(): Record<string, string> {
  return {};
}

/** One job: take an order, work it off, hand it back. k6 calls this again and again for each user. */
export default function job(): void {
  let order = newOrder();
  let conflicts = 0;
  while (order && order.state !== 'completed' && conflicts < conflictsPerOrder) {
    const next = advance(order);
    if (next === 'over') return;
    if (next === 'refused') {
      conflicts += 1;
      order = openOrder();
    } else order = next;
  }
}

/** Undefined when the MES refused it, or the run is over. */
function newOrder(): Order | undefined {
  terminal.jobs += 1;
  const id = `WO-${unit()}-${tag}-${terminal.jobs}`;
  const answer = ask('request', 'POST', '/operations-requests', id, {
    id,
    line: 'T',
    product: 'bracket',
    material: 'steel-2mm',
    lot: `LOT-${tag}`,
    quantity,
    urgency: 1,
    due_at: new Date(Date.now() + 3_600_000).toISOString(),
    material_ready: true,
  });
  if (!answer || answer.status >= 300) return undefined;
  return { id, state: 'created', version: 1, quantity, reported: 0, ...answer.rows[0] };
}

/** The order that the MES shows at this terminal's unit, if there is one to go on with. */
function openOrder(): Order | undefined {
  const answer = ask('list', 'GET', `/job-orders?unit=${unit()}&state=${onUnit.join(',')}&limit=5`);
  const open = answer?.rows.find(({ state }) => onUnit.includes(state ?? ''));
  return open && { id: '', state: '', version: 1, quantity, reported: 0, ...open };
}

/** The next thing to do with an order in its state. */
function advance(order: Order): Order | 'refused' | 'over' {
  if (order.state === 'created') return command(order, 'dispatch');
  if (order.state === 'dispatched') return command(order, 'start');
  if (order.state === 'paused') return command(order, 'resume');
  return order.reported < order.quantity ? report(order) : command(order, 'complete');
}

const outcomes: Record<string, string> = {
  dispatch: 'dispatched',
  start: 'running',
  resume: 'running',
  complete: 'completed',
};

function command(order: Order, name: string): Order | 'refused' | 'over' {
  terminal.commands += 1;
  const key = `${unit()}-${tag}-c${terminal.commands}`;
  const answer = ask(name, 'POST', `/job-orders/${order.id}/commands`, key, {
    command: name,
    expected_version: order.version,
    device_ts: new Date().toISOString(),
    unit: unit(),
    reason: 'next step',
  });
  if (!answer) return 'over';
  if (answer.status >= 300) return 'refused';
  const version = answer.rows[0]?.version ?? order.version + 1;
  return { ...order, state: outcomes[name] ?? order.state, version };
}

function report(order: Order): Order | 'refused' | 'over' {
  const seq = settings.firstSeq + terminal.reported;
  const again = terminal.refused === 0 ? '' : `-r${terminal.refused}`;
  const operation = {
    op_id: `${unit()}-${tag}-${String(terminal.reported + 1).padStart(6, '0')}${again}`,
    work_order_id: order.id,
    unit: unit(),
    line: 'T',
    source: unit(),
    seq,
    serial: `SN-${unit()}-${tag}-${terminal.reported + 1}`,
    result: terminal.reported % 50 === 49 ? 'scrap' : 'good',
    device_ts: new Date().toISOString(),
  };
  const answer = ask('report', 'POST', '/operations', operation.op_id, operation);
  if (!answer) return 'over';
  if (answer.status >= 300) {
    // Refused, so not applied: the same piece is reported anew, and the source's sequence keeps no hole.
    terminal.refused += 1;
    return 'refused';
  }
  terminal.reported += 1;
  return { ...order, reported: order.reported + 1 };
}
