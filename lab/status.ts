import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { isSameProcess } from '../kit/process-identity.ts';

/** What stands in lab.json: who runs this lab, and where everything listens. */
export const labFileSchema = z.object({
  pid: z.int(),
  startTime: z.string(),
  /** False while it comes up. */
  ready: z.boolean(),
  /** Name → address, for people and for tests. Holds secrets: the file is for its owner only. */
  addresses: z.record(z.string(), z.string()),
});
export type LabFile = z.infer<typeof labFileSchema>;

export const labFile = (dir: string): string => path.join(dir, 'lab.json');

export type LabStatus =
  | { running: false; owner?: LabFile }
  | { running: true; addresses: Record<string, string> };

/** Whether a lab runs in that folder and is ready. `owner` is one that lives and is not ready yet. */
export function labStatus(dir: string): LabStatus {
  const file = readLabFile(dir);
  if (!file || !isSameProcess(file.pid, file.startTime)) return { running: false };
  return file.ready ? { running: true, addresses: file.addresses } : { running: false, owner: file };
}

export function readLabFile(dir: string): LabFile | undefined {
  try {
    return labFileSchema.parse(JSON.parse(readFileSync(labFile(dir), 'utf8')));
  } catch {
    return undefined;
  }
}
