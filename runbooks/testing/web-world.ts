import { request } from 'node:http';
import { redactionOf } from '../../exporters/web/redaction.ts';
import { type Clock, systemClock } from '../../kit/clock.ts';
import { type ListeningServer, listen } from '../../kit/http-server.ts';
import { silentLog } from '../../kit/log.ts';
import { readNdjson } from '../../kit/ndjson.ts';
import { RunbookEngine } from '../engine/engine.ts';
import type { SnapshotSets } from '../snapshots/set.ts';
import { runbookApp } from '../web/app.ts';
import { signatureHeader, signatureOf } from '../web/signature.ts';
import { EngineWorld } from './engine-world.ts';

export const programToken = 'the-token-of-programs';
export const hmacSecret = 'a-secret-for-signatures-of-32-letters';
export const people = {
  wang: { name: 'wang', roles: ['leader' as const], token: 'wangs-very-own-token' },
  li: { name: 'li', roles: ['director' as const, 'leader' as const], token: 'lis-very-own-token-too' },
  chen: { name: 'chen', roles: ['maintainer' as const], token: 'chens-very-own-token' },
};
export type PersonName = keyof typeof people;

/** A clock that runs, and that a test can set forward. */
export class ShiftedClock implements Clock {
  shiftMs = 0;
  now = (): number => systemClock.now() + this.shiftMs;
  sleep = systemClock.sleep;
}

/** The whole service on a free port, over an engine's world whose step does what the test says. */
export class WebWorld implements AsyncDisposable {
  readonly clock = new ShiftedClock();
  readonly world: EngineWorld;
  people = Object.values(people);
  publicUrl: string | undefined;
  snapshots: SnapshotSets = {};
  #engine: RunbookEngine | undefined;
  #server: ListeningServer | undefined;

  constructor(runbook: Record<string, unknown> = {}) {
    this.world = new EngineWorld(runbook, this.clock);
  }

  get url(): string {
    return this.#server?.url ?? '';
  }

  /** Starts it; or, as after a restart, starts it again over the same store. */
  async start(): Promise<this> {
    await this.#end();
    this.#engine = new RunbookEngine(this.world.deps);
    const { store, audit, runbooks } = this.world;
    const config = {
      ...{ token: programToken, hmac_secret: hmacSecret, people: this.people },
      ...{ public_url: this.publicUrl, notify: undefined },
    };
    const app = runbookApp({
      ...{ engine: this.#engine, store, audit, runbooks, config, timezone: 'Asia/Shanghai' },
      ...{ snapshots: this.snapshots, redact: redactionOf(config), clock: this.clock, log: silentLog },
    });
    this.#server = await listen(app, { host: '127.0.0.1', port: 0 });
    return this;
  }

  /** One request; `fetch` would tidy the path, so it is sent as it stands. */
  call(method: string, path: string, headers: Record<string, string> = {}, body = ''): Promise<WebAnswer> {
    const { hostname, port } = new URL(this.url);
    return new Promise((resolve, reject) => {
      const sent = request({ hostname, port, method, path, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  /** As a program with the token. */
  program(method: string, path: string, body?: unknown): Promise<WebAnswer> {
    const headers = { authorization: `Bearer ${programToken}` };
    return this.call(method, path, headers, body === undefined ? '' : JSON.stringify(body));
  }

  /** As a person with a decision. */
  decide(who: string, body: Record<string, unknown>): Promise<WebAnswer> {
    const token = Object.hasOwn(people, who) ? people[who as PersonName].token : who;
    return this.call('POST', '/approvals', { authorization: `Bearer ${token}` }, JSON.stringify(body));
  }

  signature(body: string, { seconds = Math.floor(this.clock.now() / 1000), secret = hmacSecret } = {}) {
    return { [signatureHeader]: `t=${seconds},v1=${signatureOf(body, secret, seconds)}` };
  }

  form(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<WebAnswer> {
    const own = { 'content-type': 'application/x-www-form-urlencoded', origin: this.url };
    return this.call('POST', path, { ...own, ...headers }, String(new URLSearchParams(fields)));
  }

  /** Signs in; returns the cookie. */
  async signIn(who: PersonName, next = '/'): Promise<string> {
    const answer = await this.form('/sign-in', { token: people[who].token, next });
    return answer.headers['set-cookie']?.[0]?.split(';')[0] ?? '';
  }

  /** What the audit log has of an event. */
  audited(event: string): Record<string, unknown>[] {
    const lines = readNdjson(this.world.audit.file) as { event: string; data: Record<string, unknown> }[];
    return lines.filter((line) => line.event === event).map(({ data }) => data);
  }

  async #end(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    await this.#engine?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end();
    this.world[Symbol.dispose]();
  }
}

export interface WebAnswer {
  status: number;
  headers: NodeJS.Dict<string | string[]> & { 'set-cookie'?: string[] | undefined };
  text: string;
}

/** The secret of a page's forms. */
export const csrfIn = ({ text }: WebAnswer): string => /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
