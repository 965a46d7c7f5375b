import { appendFileSync, existsSync } from 'node:fs';
import { readNdjson } from '../../kit/ndjson.ts';
import type { Act, Script, ScriptedStep } from './scripted-run.ts';

/** What steps have done, in a file outside of the engine's own: written at once, so that it survives a SIGKILL right after. */
export function actsIn(file: string, steps: readonly ScriptedStep[]): (act: Omit<Act, 'script'>) => Script {
  return (act) => {
    const list = (act.phase === 'do' ? steps[act.position]?.scripts : steps[act.position]?.undo) ?? ['ok'];
    const before = readActs(file).filter(
      ({ position, phase }) => position === act.position && phase === act.phase,
    ).length;
    const script = list[Math.min(before, list.length - 1)] ?? 'ok';
    appendFileSync(file, `${JSON.stringify({ ...act, script })}\n`);
    return script;
  };
}

/** The acts so far, oldest first. */
export const readActs = (file: string): Act[] => (existsSync(file) ? (readNdjson(file) as Act[]) : []);
