import path from 'node:path';
import type { Keeper } from '../kit/keeper.ts';
import { NdjsonFile, readNdjson } from '../kit/ndjson.ts';
import { endGroup } from '../kit/process-group.ts';

/** How long what a dead lab left behind may take to stop before it is killed. */
const stopLimitMs = 3000;

type Kept = Parameters<Keeper['register']>[0];
type Line = { started: Kept } | { ended: number };

const childrenFile = (dir: string): string => path.join(dir, 'children.ndjson');

/** A keeper that also writes down in the lab's folder which children there are, for whoever finds the folder after our death. */
export function notedKeeper(keeper: Keeper, dir: string): Keeper {
  const file = new NdjsonFile(childrenFile(dir), { durable: false });
  const note = (line: Line) => file.append(line);
  return {
    pid: keeper.pid,
    async register(child) {
      note({ started: child });
      await keeper.register(child);
    },
    release(pid) {
      note({ ended: pid });
      keeper.release(pid);
    },
    async [Symbol.asyncDispose]() {
      await keeper[Symbol.asyncDispose]();
      file[Symbol.dispose]();
    },
  };
}

/** The children of the folder's lab that have not been stopped by it, in the order of their start. */
export function childrenOf(dir: string): Kept[] {
  const left = new Map<number, Kept>();
  for (const line of readNdjson(childrenFile(dir)) as Line[]) {
    if ('started' in line) left.set(line.started.pid, line.started);
    else left.delete(line.ended);
  }
  return [...left.values()];
}

/** Ends what a dead lab left running in its folder: its keeper is at it already, or has died as well. */
export async function endLeftChildren(dir: string): Promise<void> {
  for (const child of childrenOf(dir).toReversed()) {
    await endGroup(child, { signal: child.stopSignal, timeoutMs: stopLimitMs });
  }
}
