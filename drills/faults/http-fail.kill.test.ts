import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modulePath } from '../../kit/module-path.ts';
import { freePorts } from '../../kit/ports.ts';
import { HttpFaultClient } from '../proxy/http-fault-client.ts';
import { runName } from '../run-name.ts';
import { HttpPeer, startHttpService } from '../testing/http-peer.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';

const stack = new AsyncDisposableStack();
const targets = ['esign-link', 'carrier-link', 'sms-link'];
let range: KillRange;
let clients: HttpFaultClient[];
let peer: HttpPeer;

/** The proxy is a process of its own, as in a plant: it survives what happens to the runner. */
beforeAll(async () => {
  const service = stack.use(await startHttpService());
  const ports = await freePorts(targets.length);
  const links = targets.map((name, index) => ({
    name,
    protocol: 'http',
    listen: `127.0.0.1:${ports[index]}`,
    upstream: `127.0.0.1:${service.port}`,
  }));
  const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-links-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'links.json');
  writeFileSync(file, JSON.stringify({ listen: '127.0.0.1:0', links }));
  const proxy = spawn(process.execPath, [modulePath(import.meta.url, '../testing/links-main'), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  stack.defer(async () => {
    proxy.stdin.end();
    await once(proxy, 'exit');
  });
  const [line] = await once(createInterface({ input: proxy.stdout }), 'line');
  const { url: control } = JSON.parse(line) as { url: string };
  peer = stack.use(new HttpPeer(ports[0] ?? 0));
  clients = targets.map((link) => new HttpFaultClient({ control, link }, fetch));
  range = stack.use(
    new KillRange(
      Object.fromEntries(targets.map((link) => [link, { kind: 'link', control, link, protocol: 'http' }])),
    ),
  );
});
afterAll(() => stack.disposeAsync());

const caseOn = (index: number, wish: object): KillCase => ({
  doom: { kind: 'http.fail', target: targets[index] ?? '', with: wish },
  present: async (run) => ((await clients[index]?.residue(runName(run))) ?? []).length > 0,
});

test.concurrent(
  'A runner that is killed leaves no http.fail, whenever it dies, and requests pass again.',
  async () => {
    await range.killAll(caseOn(0, { answers: 503 }));
    expect(await peer.ask()).toMatchObject({ status: 200 });
  },
  killRounds * 60_000,
);

test.concurrent.each([
  { how: 'SIGKILL', index: 1, wish: { never: true } },
  { how: 'SIGSTOP', index: 2, wish: { delay: '8s' } },
] as const)(
  'With the watchdog dead and the runner after $how, the lease of the proxy ends http.fail.',
  ({ how, index, wish }) => range.killWatchdogToo(caseOn(index, wish), how),
);
