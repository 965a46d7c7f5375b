import { promDuration } from '../../kit/duration.ts';
import type { CutMode, Direction, Disturbance } from './driver.ts';

const cutEffects: Record<CutMode, string> = {
  drop: 'no byte passes and new connections get no answer; what waits passes on after healing',
  reject: 'open connections fall silent, new ones are refused',
  reset: 'open connections and new ones are reset',
};

const ways: Record<Direction, string> = {
  both: 'in both directions',
  upstream: 'towards the server only',
  downstream: 'towards the client only',
};

/** A disturbance in words, for plans: the same for every driver. */
export function describeDisturbance(disturbance: Disturbance): string {
  const way = ways[disturbance.direction];
  switch (disturbance.kind) {
    case 'cut':
      return `cut (${disturbance.mode}) ${way}: ${cutEffects[disturbance.mode]}`;
    case 'latency': {
      const { latencyMs, jitterMs } = disturbance;
      const jitter = jitterMs > 0 ? ` ± ${promDuration(jitterMs)}` : '';
      return `every byte comes ${promDuration(latencyMs)}${jitter} later ${way}`;
    }
    case 'bandwidth':
      return `at most ${disturbance.bytesPerSecond} bytes per second pass ${way}`;
    case 'loss':
      return `${Math.round(disturbance.ratio * 1000) / 10} % of the packets are lost ${way} and sent again`;
  }
}
