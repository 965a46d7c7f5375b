import { setImmediate } from 'node:timers/promises';
import type { Sample } from '../sample.ts';

/** So many devices are looked at before others get their turn. */
const devicesAtATime = 500;

/**
 * One sample of each kind for each device. They come kind by kind: should the series limit cut the end off, it is the last kind
 * that suffers and not some of the devices.
 */
export async function deviceSamples<D>(
  devices: Iterable<D>,
  kinds: readonly ((device: D) => Sample | undefined)[],
): Promise<Sample[]> {
  const found = kinds.map((sampleOf) => ({ sampleOf, samples: [] as Sample[] }));
  let count = 0;
  for (const device of devices) {
    for (const { sampleOf, samples } of found) {
      const sample = sampleOf(device);
      if (sample !== undefined) samples.push(sample);
    }
    count += 1;
    if (count % devicesAtATime === 0) await setImmediate();
  }
  const all: Sample[] = [];
  return all.concat(...found.map(({ samples }) => samples));
}
