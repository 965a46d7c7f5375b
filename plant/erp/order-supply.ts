import { type Clock, isoTime } from '../../kit/clock.ts';
import { jobOrdersSchema, type OperationsRequest } from '../mes-api.ts';
import { askMes } from '../mes-client.ts';
import type { ErpSettings, Line } from '../settings.ts';
import type { SparseLog } from '../sparse-log.ts';

/** Orders that nobody has begun to work on. */
const openStates = 'created,returned,dispatched';

/** The MES lists at most so many at once. */
const listLimit = 1000;

interface SupplyContext {
  clock: Clock;
  log: SparseLog;
  signal: AbortSignal;
}

/** Keeps enough open work orders on each line, until the signal ends it. */
export async function supplyOrders(
  settings: ErpSettings,
  { clock, log, signal }: SupplyContext,
): Promise<void> {
  // Order numbers stay unique when the ERP starts again.
  const numbers = orderNumbers(clock.now());
  while (!signal.aborted) {
    for (const line of settings.lines) {
      try {
        await fillUp(settings, line, numbers, clock, signal);
      } catch (error) {
        log.failure(`no orders could be given to line ${line.id}`, error);
      }
    }
    await clock.sleep(settings.supply_interval_ms, signal).catch(() => {});
  }
}

function* orderNumbers(start: number): Generator<string, never> {
  for (let number = 1; ; number++) yield `${start.toString(36)}-${String(number).padStart(5, '0')}`;
}

async function fillUp(
  settings: ErpSettings,
  line: Line,
  numbers: Generator<string, never>,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const timeoutMs = settings.request_timeout_ms;
  const path = `/job-orders?line=${encodeURIComponent(line.id)}&state=${openStates}&limit=${listLimit}`;
  const open = jobOrdersSchema.parse(await askMes(settings.mes, { method: 'GET', path, timeoutMs, signal }));
  const wanted = Math.min(settings.open_orders_per_unit * line.units.length, listLimit);
  for (let missing = wanted - open.length; missing > 0; missing--) {
    const body = newOrder(line, numbers.next().value, settings.order_quantity, clock.now());
    await askMes(settings.mes, { method: 'POST', path: '/operations-requests', body, timeoutMs, signal });
  }
}

/** Three products, a lot of material for each day, and every fifth order urgent. */
function newOrder(line: Line, number: string, quantity: number, now: number): OperationsRequest {
  const digit = Number(number.slice(-5));
  const product = `P-${(digit % 3) + 1}`;
  return {
    id: `WO-${line.id}-${number}`,
    line: line.id,
    product,
    material: `M-${product}`,
    lot: `LOT-${isoTime(now).slice(0, 10)}`,
    quantity,
    urgency: digit % 5 === 0 ? 1 : 0,
    due_at: isoTime(now + 3_600_000),
    material_ready: true,
  };
}
