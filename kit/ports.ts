import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type ListenOptions, type Server } from 'node:net';
import { UnavailableError } from './errors.ts';

/**
 * `count` different free loopback TCP ports, ours until this process ends. What will listen on them starts seconds later, so
 * being free now is not enough: they lie outside the range from which the kernel gives ports to outgoing connections and to
 * "any port" listeners, and no other Andon process of this computer gets them meanwhile.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  const range = portsToGive();
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries > 100 * count) {
      const what = `${count} free TCP ports between ${range.from} and ${range.to} of 127.0.0.1 could not be found`;
      throw new UnavailableError('ports.none', what, { mend: 'Look with "ss -ltn" for what takes them.' });
    }
    const port = randomInt(range.from, range.to + 1);
    if (await takes(port)) ports.push(port);
  }
  return ports;
}

/** The larger part of the unprivileged ports that the kernel does not give away by itself (ip(7), ip_local_port_range). */
function portsToGive(): { from: number; to: number } {
  const lowest = 10_000; // Below it, servers have their customary ports.
  const highest = 65_535;
  const [first = 32_768, last = 60_999] = kernelRange();
  const [below, above] = [first - lowest, highest - last];
  if (Math.max(below, above) < 1000) return { from: lowest, to: highest };
  return below >= above ? { from: lowest, to: first - 1 } : { from: last + 1, to: highest };
}

function kernelRange(): number[] {
  try {
    return readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
  } catch {
    return []; // Not Linux: the usual range.
  }
}

/** Reserves a port if nobody has reserved it and nobody listens on it. */
async function takes(port: number): Promise<boolean> {
  const reservation = await listening({ path: `\0andon-port-${port}` });
  if (reservation === undefined) return false;
  const listener = await listening({ port, host: '127.0.0.1' });
  if (listener === undefined) {
    reservation.close();
    return false;
  }
  await new Promise((resolve) => listener.close(resolve));
  // An abstract socket of Linux: the kernel gives it up when this process ends, however it ends.
  reservation.unref();
  return true;
}

/** A server, or undefined when the address is taken. */
async function listening(options: ListenOptions): Promise<Server | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen(options);
    await once(server, 'listening');
    return server;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw error;
  }
}
