import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sloErrors, sloEvents } from '../../alerts/slo-burn.ts';
import { slosSection } from '../../alerts/slos.ts';
import { runChecker } from '../../kit/checker.ts';
import { nightEveryMs } from './terminals.ts';

const minute = 60_000;

/**
 * Writes the hour before into Prometheus' folder: a burn rate over 1 h says nothing about a plant that is known for five minutes.
 * In that hour the MES of the night had the traffic it has now, and nothing failed. All that comes after is measured.
 */
export async function writeHourBefore(folder: string, now: number): Promise<void> {
  const series = [
    { name: sloEvents, value: 1000 / nightEveryMs },
    { name: sloErrors, value: 0 },
  ];
  const slos = slosSection.parse(undefined);
  const blocks = series.map(({ name, value }) => {
    const lines = slos.flatMap(({ name: slo }) =>
      Array.from({ length: 60 }, (_, index) => {
        const at = Math.floor((now - (60 - index) * minute) / 1000);
        return `${name}{target="night",slo="${slo}"} ${value} ${at}`;
      }),
    );
    return [`# TYPE ${name} gauge`, ...lines].join('\n');
  });
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'hour-before.txt');
  writeFileSync(file, `${blocks.join('\n')}\n# EOF\n`);
  const { ok, output } = await runChecker('promtool', [
    'tsdb',
    'create-blocks-from',
    'openmetrics',
    file,
    path.join(folder, 'data'),
  ]);
  if (!ok) throw new Error(`the hour before could not be written: ${output}`);
}
