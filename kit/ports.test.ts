import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { freePorts } from './ports.ts';

/** Most of the ports there are to give: whoever asks then is likely to be offered one of them. */
const many = 2000;

it('Free ports are different, can be listened on, and lie outside what the kernel gives away.', async () => {
  const ports = await freePorts(20);
  expect(new Set(ports).size).toBe(20);
  const [first = 0, last = 0] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
    .split(/\s+/)
    .map(Number);
  for (const port of ports) {
    expect(port < first || port > last).toBe(true);
    await using server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
  }
});

it('Ports are given to no other process while this one lives.', async () => {
  const ours = new Set(await freePorts(many));
  const module = fileURLToPath(new URL('./ports.ts', import.meta.url));
  const script = `const { freePorts } = await import(${JSON.stringify(module)}); console.log(JSON.stringify(await freePorts(${many})));`;
  const ask = () =>
    JSON.parse(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })) as number[];
  const first = ask();
  expect(first.filter((port) => ours.has(port))).toEqual([]);
  // What that process had is free again, since it has ended: of so many, some come again.
  const again = new Set(first);
  expect(ask().some((port) => again.has(port))).toBe(true);
});
