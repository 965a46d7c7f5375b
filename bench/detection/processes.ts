import { readdirSync, readFileSync } from 'node:fs';
import { faultOf } from './scenario.ts';

const read = (pid: string, file: 'cmdline' | 'environ' | 'comm'): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return ''; // It has ended meanwhile.
  }
};

const findProcess = (what: string, matches: (pid: string) => boolean): number => {
  const found = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && matches(pid));
  const [pid] = found;
  if (pid === undefined || found.length > 1) throw new Error(`${found.length} processes are ${what}`);
  return Number(pid);
};

/** The plant's process that was started with this settings file: a path of that very lab, so it can be no other's. */
export const processOfSettings = (file: string): number =>
  findProcess(`run with ${file}`, (pid) => read(pid, 'cmdline').includes(`${file} `));

/** The broker that listens there. */
export const brokerProcess = (amqpPort: string): number =>
  findProcess(
    'that broker',
    (pid) =>
      read(pid, 'comm').startsWith('beam') &&
      read(pid, 'environ').includes(`RABBITMQ_NODE_PORT=${amqpPort} `),
  );

/** Holds a process still, as one that hangs; leaving its scope lets it go on. */
export function holdStill(pid: number) {
  process.kill(pid, 'SIGSTOP');
  return faultOf(Date.now(), () => process.kill(pid, 'SIGCONT'));
}
