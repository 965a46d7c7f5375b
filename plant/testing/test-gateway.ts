import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { z } from 'zod';
import { waitFor } from '../../kit/wait.ts';
import { startGateway } from '../edge/gateway.ts';
import { callMes, type MesAnswer } from '../mes-client.ts';
import type { RunningProcess } from '../run-process.ts';
import { edgeSettingsSchema, standardLine } from '../settings.ts';
import { type FakeMes, startFakeMes } from './fake-mes.ts';
import { aReport, testContext, testTokens } from './test-mes.ts';

type Settings = Partial<z.input<typeof edgeSettingsSchema>>;

/** A gateway of line T with the units T-U1 and T-U2, on a journal of its own, before a fake MES. */
export class TestGateway implements AsyncDisposable {
  readonly mes: FakeMes;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'andon-edge-'));
  #running: RunningProcess | undefined;

  constructor(mes: FakeMes) {
    this.mes = mes;
  }

  static async beforeFakeMes(): Promise<TestGateway> {
    return new TestGateway(await startFakeMes());
  }

  /** Starts it, or starts it again on the same journal. Retries are quick; the time limit of a request is generous. */
  async start(settings: Settings = {}): Promise<void> {
    await this.stop();
    const parsed = edgeSettingsSchema.parse({
      line: standardLine('T', 2),
      mes: { url: this.mes.url, token: 'system' },
      tokens: testTokens,
      journal: path.join(this.#folder, 'journal.sqlite'),
      request_timeout_ms: 20_000,
      retry_delay_ms: 50,
      ready_poll_ms: 20,
      job_poll_ms: 20,
      ...settings,
    });
    this.#running = await startGateway(parsed, testContext);
  }

  get url(): string {
    return this.#running?.url ?? '';
  }

  async stop(): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    this.#running = undefined;
  }

  call(
    method: 'GET' | 'POST',
    at: string,
    body?: object,
    key?: string,
    token = 'operator',
  ): Promise<MesAnswer> {
    return callMes(
      { url: this.url, token },
      { method, path: at, body, timeoutMs: 20_000, ...(key === undefined ? {} : { key }) },
    );
  }

  report(seq: number, unit = 'T-U1', more: object = {}): Promise<MesAnswer> {
    const body = aReport('WO-1', unit, seq, more);
    return this.call('POST', '/operations', body, body.op_id);
  }

  async status(): Promise<Record<string, number | string | null>> {
    return (await this.call('GET', '/-/status')).body as Record<string, number | string | null>;
  }

  async until(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
    await waitFor(check, { what, timeoutMs: 20_000, everyMs: 10 });
  }

  /** The idempotency keys of what reached the MES, in the order of its coming. */
  keys(): (string | undefined)[] {
    return this.mes.posts.map(({ key }) => key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.mes[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
