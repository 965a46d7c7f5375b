import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { modulePath } from '../../kit/module-path.ts';
import { freePorts } from '../../kit/ports.ts';

/** A proxy as a process of its own, as in a plant: it survives what happens to a runner. */
export interface LinksProcess extends AsyncDisposable {
  pid: number;
  /** Address of its control API. */
  control: string;
  /** The port of each link by its name. */
  ports: Readonly<Record<string, number>>;
}

/** Starts one with a link for each name, to the port of 127.0.0.1 that is given for it. */
export async function startLinksProcess(upstreams: Readonly<Record<string, number>>): Promise<LinksProcess> {
  const names = Object.keys(upstreams);
  await using stack = new AsyncDisposableStack();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'andon-links-'));
  stack.defer(() => rmSync(folder, { recursive: true, force: true }));
  const file = path.join(folder, 'links.json');
  const free = await freePorts(names.length);
  const ports = Object.fromEntries(names.map((name, index) => [name, free[index] ?? 0]));
  const links = names.map((name) => ({
    name,
    listen: `127.0.0.1:${ports[name]}`,
    upstream: `127.0.0.1:${upstreams[name]}`,
  }));
  writeFileSync(file, JSON.stringify({ listen: '127.0.0.1:0', links }));
  const proxy = spawn(process.execPath, [modulePath(import.meta.url, './links-main'), file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  stack.defer(async () => {
    proxy.stdin.end();
    if (proxy.exitCode === null) await once(proxy, 'exit');
  });
  const [line] = await once(createInterface({ input: proxy.stdout }), 'line');
  const owned = stack.move();
  const { url } = JSON.parse(line) as { url: string };
  return { pid: proxy.pid ?? 0, control: url, ports, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}
