// How a terminal asks the MES. It runs inside k6, not Node: nothing but k6's own modules and `.k6.ts` files may be imported.
import { sleep } from 'k6';
import exec from 'k6/execution';
import http from 'k6/http';

const text = (name: string): string => __ENV[name] ?? '';
const count = (name: string): number => Number(text(name));

/** The settings that terminals.ts hands over in the environment. */
export const settings = {
  mesUrl: text('ANDON_MES_URL'),
  token: text('ANDON_MES_TOKEN'),
  tag: text('ANDON_RUN_TAG'),
  users: count('ANDON_USERS'),
  firstUnit: count('ANDON_FIRST_UNIT'),
  firstSeq: count('ANDON_FIRST_SEQ'),
  quantity: count('ANDON_QUANTITY'),
  thinkMs: count('ANDON_THINK_MS'),
  retryMs: count('ANDON_RETRY_MS'),
  timeoutMs: count('ANDON_TIMEOUT_MS'),
  rampMs: count('ANDON_RAMP_MS'),
  durationMs: count('ANDON_DURATION_MS'),
} as const;

/** As much of a work order as a terminal looks at. */
export interface Order {
  id: string;
  state: string;
  version: number;
  quantity: number;
  reported: number;
}

export interface Answer {
  status: number;
  /** The rows of the answer; one for an object, none for what is no JSON. */
  rows: Partial<Order>[];
}

/** The work unit at which this user stands. */
export const unit = (): string => `T-U${settings.firstUnit + exec.vu.idInTest}`;

const over = (): boolean => Date.now() >= exec.scenario.startTime + settings.durationMs;

/**
 * Sends one request as a person does: after a moment's thought, and again with the same key until it is answered.
 * An answer is 2xx or a refusal (4xx); a timeout, a broken connection, 408, 429 and 5xx are not. Undefined when the run is over.
 */
export function ask(
  name: string,
  method: string,
  path: string,
  key?: string,
  body?: Record<string, unknown>,
): Answer | undefined {
  sleep((settings.thinkMs * (0.7 + 0.6 * Math.random())) / 1000);
  while (!over()) {
    const answer = attempt(name, method, path, key, body);
    if (answer.status >= 200 && answer.status < 500 && ![408, 429].includes(answer.status)) return answer;
    sleep(settings.retryMs / 1000);
  }
  return undefined;
}

function attempt(
  name: string,
  method: string,
  path: string,
  key?: string,
  body?: Record<string, unknown>,
): Answer {
  const startedAt = Date.now();
  const response = http.request(method, `${settings.mesUrl}${path}`, body ? JSON.stringify(body) : null, {
    headers: {
      Authorization: `Bearer ${settings.token}`,
      'Content-Type': 'application/json',
      // The token is a program's; it says for whom it speaks, as a gateway does.
      'X-On-Behalf-Of': unit(),
      'X-On-Behalf-Of-Role': ['request', 'dispatch'].includes(name) ? 'director' : 'operator',
      ...(key === undefined ? {} : { 'Idempotency-Key': key }),
    },
    timeout: `${settings.timeoutMs}ms`,
  });
  const { blocked, connecting, duration } = response.timings;
  // k6 keeps no timings of a request that failed.
  const ms = response.status === 0 ? Date.now() - startedAt : blocked + connecting + duration;
  const accepted = name === 'report' && response.status >= 200 && response.status < 300;
  console.log(
    JSON.stringify({
      request: {
        at: new Date(startedAt).toISOString(),
        name,
        ms: Math.round(ms * 10) / 10,
        status: response.status,
        users: exec.instance.vusActive,
      },
      ...(accepted && body ? { acknowledged: acknowledgement(body) } : {}),
    }),
  );
  return { status: response.status, rows: rowsOf(response.body) };
}

/** The same line that the plant's own lines write. */
const acknowledgement = (operation: Record<string, unknown>) => ({
  op: operation.op_id,
  source: operation.source,
  line: operation.line,
  seq: operation.seq,
  serial: operation.serial,
  at: new Date().toISOString(),
});

function rowsOf(body: unknown): Partial<Order>[] {
  if (typeof body !== 'string' || !/^\s*[[{]/.test(body)) return [];
  const parsed = JSON.parse(body) as Partial<Order> | Partial<Order>[];
  return Array.isArray(parsed) ? parsed : [parsed];
}
