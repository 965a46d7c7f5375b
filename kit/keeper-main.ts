import { createInterface } from 'node:readline';
import { endGroup, type GroupLeader, signalGroup } from './process-group.ts';

/** One line from the owner: a child to end when the owner is gone, or one that has ended. A registration is answered with its pid. */
export type KeeperMessage = { register: KeptChild } | { release: number };
/** A child, and the signal that stops it. */
export type KeptChild = GroupLeader & { stopSignal: NodeJS.Signals };

/** What one child may take to stop. */
const stopLimitMs = 3000;
/** What all of them may take together; then the rest is killed. */
const totalLimitMs = 7000;

/** Outlives what its owner is sent: Ctrl-C, a closed terminal, a service manager's SIGTERM. It ends with its owner anyway. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const kept = new Map<number, KeptChild>();
process.stdout.on('error', () => {}); // The owner has gone before it could listen: stdin says so too.
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line) as KeeperMessage;
  if ('release' in message) kept.delete(message.release);
  else {
    kept.set(message.register.pid, message.register);
    process.stdout.write(`${message.register.pid}\n`);
  }
}
await endAll([...kept.values()].toReversed());

/** The owner is gone. Whatever it did not release is ended, the last started first. */
async function endAll(children: readonly KeptChild[]): Promise<void> {
  const limit = setTimeout(() => {
    for (const child of children) signalGroup(child, 'SIGKILL');
  }, totalLimitMs);
  for (const child of children) await endGroup(child, { signal: child.stopSignal, timeoutMs: stopLimitMs });
  clearTimeout(limit);
}
