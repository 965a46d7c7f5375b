import type { AlertRule } from '../../alerts/rule.ts';
import { waitFor } from '../../kit/wait.ts';
import type { Place } from './place.ts';
import { ask, has } from './prometheus.ts';
import type { Expected, Resource, Scenario } from './scenario.ts';
import type { Times } from './verdict.ts';

/** Who comes so much later than allowed does not come any more. */
const patienceMs = 90_000;
/** After a fault of another scenario the plant catches up. */
const calmWithinMs = 240_000;
const everyMs = 500;

/** What must be true before a scenario begins that uses or breaks it. */
const calm: Record<Resource, string> = {
  mes: `mes_up{target="mes"} == 1 and on () mes_db_up{target="mes-db"} == 1
    and on () mes:operation_success:ratio_rate30s{target="mes"} > 0.95 and on () mes:operations:rate30s{target="mes"} > 2`,
  'line-1': 'rate(mes_queue_messages_acked_total{target="mes-queue",queue=~".*wms.*"}[30s]) > 1',
  'line-2': 'vector(1)',
  broker: 'mes_queue_up{target="mes-queue"} == 1',
  night: 'mes_up{target="night"} == 1',
  'second-exporter': 'mes_db_up{target="page-db"} == 1',
};

export interface Awaited {
  readonly expected: Expected;
  readonly rule: AlertRule;
  readonly boundMs: number;
}

/** Makes the fault when all is calm, holds the stopwatch until each alert was delivered or is hopelessly late, and undoes it. */
export async function measure(
  scenario: Scenario,
  awaited: readonly Awaited[],
  place: Place,
): Promise<(Times & Awaited)[]> {
  await untilCalm(scenario, awaited, place);
  await using fault = await scenario.make(place);
  const times = await Promise.all(
    awaited.map(async (one) => ({ ...one, ...(await watch(one, fault.madeAt, place)) })),
  );
  const madeAt = (await fault.since?.()) ?? fault.madeAt;
  return times.map((one) => ({ ...one, madeAt }));
}

async function untilCalm(scenario: Scenario, awaited: readonly Awaited[], place: Place): Promise<void> {
  const resources = new Set([...scenario.uses, ...scenario.breaks]);
  const options = { what: `${scenario.name}: a calm plant`, timeoutMs: calmWithinMs, everyMs: 1000 };
  await waitFor(async () => {
    for (const resource of resources)
      if ((await ask(place.prometheus, calm[resource])).length === 0) return false;
    for (const one of awaited) if (await active(one, place)) return false;
    return true;
  }, options);
}

async function active({ expected, rule }: Awaited, place: Place): Promise<boolean> {
  const alerts = await ask(place.prometheus, `ALERTS{alertname="${rule.name}",tier="A"}`);
  if (alerts.some(({ labels }) => has(labels, expected.labels))) return true;
  return isTrue({ expected, rule }, place);
}

async function isTrue({ expected, rule }: Omit<Awaited, 'boundMs'>, place: Place): Promise<boolean> {
  return (await ask(place.prometheus, rule.expr)).some(({ labels }) => has(labels, expected.labels));
}

async function watch(one: Awaited, madeAt: number, place: Place): Promise<Times> {
  const { expected, rule, boundMs } = one;
  const labels = { ...expected.labels, alertname: rule.name, tier: 'A' };
  const giveUpAt = madeAt + boundMs + (expected.before?.ms ?? 0) + patienceMs;
  let trueAt: number | undefined;
  for (;;) {
    const askedAt = Date.now();
    if (trueAt === undefined && (await isTrue(one, place).catch(() => false))) trueAt = askedAt;
    const deliveredAt = place.receiver.deliveredAt(labels, madeAt);
    if (deliveredAt !== undefined || Date.now() > giveUpAt) return { madeAt, trueAt, deliveredAt };
    await place.clock.sleep(everyMs);
  }
}
