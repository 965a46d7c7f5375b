import type { Clock } from '../../kit/clock.ts';
import { promDuration } from '../../kit/duration.ts';
import type { Disturbance, NetworkHold } from './driver.ts';
import { type Spread, spellLengths } from './spell-lengths.ts';

/** A disturbance that comes and goes: in for `downMs`, out for `upMs`, and again. */
export interface Rhythm {
  downMs: number;
  upMs: number;
  /** For one that comes and goes as it likes: both are usual lengths then. */
  spread?: Spread;
}

/** For the sentences of a plan. */
export const rhythmEffect = ({ downMs, upMs, spread }: Rhythm): string => {
  const about = spread ? `, each up to ${Math.round(spread.ratio * 100)} % longer or shorter at random` : '';
  return `it is so for ${promDuration(downMs)} and in order for ${promDuration(upMs)}, again and again${about}`;
};

export interface RhythmOptions extends Rhythm {
  hold: NetworkHold;
  disturbance: Disturbance;
  clock: Clock;
  onError: (error: unknown) => void;
}

/** Takes a disturbance that is in out and in again, until it is disposed; a turn that fails is made up by the next one. */
export function keepRhythm(options: RhythmOptions): AsyncDisposable {
  const { hold, disturbance, downMs, upMs, spread, clock, onError } = options;
  const stop = new AbortController();
  const length = spellLengths(spread);
  const turn = (wish: Disturbance | null) => hold.set(wish, stop.signal).catch(onError);
  const turning = (async () => {
    for (;;) {
      await clock.sleep(length(downMs), stop.signal);
      await turn(null);
      await clock.sleep(length(upMs), stop.signal);
      await turn(disturbance);
    }
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) onError(error);
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await turning;
    },
  };
}
