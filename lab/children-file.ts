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

/** Ends what a dead lab left running in its folder: its keeper is at it already, or has died as well. The last started first. */
export async function endLeftChildren(dir: string): Promise<void> {
  const lines = readNdjson(childrenFile(dir)) as Line[];
  const ended = new Set(lines.flatMap((line) => ('ended' in line ? [line.ended] : [])));
  const left = lines.flatMap((line) =>
    'started' in line && !ended.has(line.started.pid) ? [line.started] : [],
  );
  for (const child of left.toReversed()) {
    await endGroup(child, { signal: child.stopSignal, timeoutMs: stopLimitMs });
  }
}
