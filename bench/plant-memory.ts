import { globSync, readFileSync } from 'node:fs';

const sampleMs = 500;

/** Watches the resident memory of all processes of the plant in this lab folder; `stop` returns the highest sum in MiB. */
export function plantMemory(labDir: string): { stop(): number } {
  let highest = 0;
  const timer = setInterval(() => {
    highest = Math.max(highest, residentKib(labDir) / 1024);
  }, sampleMs);
  return {
    stop() {
      clearInterval(timer);
      return highest;
    },
  };
}

function residentKib(labDir: string): number {
  return globSync('/proc/[0-9]*/cmdline')
    .map((file) => {
      const command = read(file);
      if (!command.includes('/plant/') || !command.includes(labDir)) return 0;
      const rss = /^VmRSS:\s+(\d+) kB/m.exec(read(file.replace('cmdline', 'status')));
      return Number(rss?.[1] ?? 0);
    })
    .reduce((sum, kib) => sum + kib, 0);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // It has ended meanwhile.
  }
}
