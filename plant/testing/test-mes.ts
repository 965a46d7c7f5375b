import type { z } from 'zod';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { startMes } from '../mes/mes.ts';
import { callMes, type MesAnswer } from '../mes-client.ts';
import type { ProcessContext } from '../run-process.ts';
import { mesSettingsSchema, type Role, roles } from '../settings.ts';

/** One token for each role; its text is the role itself. */
export const testTokens = Object.fromEntries(roles.map((role) => [role, { actor: `the ${role}`, role }]));

/** What a process of the plant is started with, inside a test. */
export const testContext: ProcessContext = {
  log: silentLog,
  clock: systemClock,
  signal: new AbortController().signal,
};

/** Nobody listens on the discard port: a queue that is away. */
export const noQueue = 'amqp://guest:guest@127.0.0.1:9';

/** A MES in this process, and how to talk to it. */
export interface TestMes extends AsyncDisposable {
  readonly url: string;
  post(role: Role, path: string, body: unknown, key?: string, timeoutMs?: number): Promise<MesAnswer>;
  get(path: string): Promise<MesAnswer>;
}

export async function startTestMes(
  settings: Omit<z.input<typeof mesSettingsSchema>, 'tokens' | 'queue'> & { queue?: string },
): Promise<TestMes> {
  const parsed = mesSettingsSchema.parse({ queue: noQueue, tokens: testTokens, lines: [], ...settings });
  const { url, [Symbol.asyncDispose]: end } = await startMes(parsed, testContext);
  return {
    url,
    post: (role, path, body, key, timeoutMs = 30_000) =>
      callMes(
        { url, token: role },
        { method: 'POST', path, body, timeoutMs, ...(key === undefined ? {} : { key }) },
      ),
    get: (path) => callMes({ url, token: 'operator' }, { method: 'GET', path, timeoutMs: 30_000 }),
    [Symbol.asyncDispose]: end,
  };
}

/** A body for POST /operations-requests. */
export const anOrder = (id: string, more: object = {}) => ({
  id,
  line: 'T',
  product: 'P-1',
  material: 'M-1',
  lot: 'LOT-1',
  quantity: 3,
  urgency: 0,
  due_at: '2030-01-01T00:00:00.000Z',
  material_ready: true,
  ...more,
});

/** A body for POST /operations; its op_id is `<source>-<seq>`. */
export const aReport = (workOrderId: string, unit: string, seq: number, more: object = {}) => ({
  op_id: `${unit}-${seq}`,
  work_order_id: workOrderId,
  unit,
  line: 'T',
  source: unit,
  seq,
  serial: `SN-${unit}-${seq}`,
  result: 'good',
  device_ts: new Date(Date.UTC(2030, 0, 1, 0, 0, seq)).toISOString(),
  ...more,
});

/** A body for POST /job-orders/:id/commands. */
export const aCommand = (command: string, version: number, more: object = {}) => ({
  command,
  expected_version: version,
  device_ts: '2030-01-01T00:00:00.000Z',
  ...more,
});

/** Makes an order, and brings it to `running` on a unit: version 3. */
export async function runningOrder(mes: TestMes, id: string, unit: string): Promise<void> {
  const answers = [
    await mes.post('director', '/operations-requests', anOrder(id)),
    await mes.post('director', `/job-orders/${id}/commands`, aCommand('dispatch', 1, { unit }), `${id}-d`),
    await mes.post('operator', `/job-orders/${id}/commands`, aCommand('start', 2), `${id}-s`),
  ];
  const bad = answers.find(({ status }) => status >= 300);
  if (bad) throw new Error(`the order did not get to run: ${JSON.stringify(bad)}`);
}
