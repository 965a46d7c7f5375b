import { type Clock, systemClock } from '../../kit/clock.ts';

/** How requests were answered: by status, or not at all (the version died, or the caller went away before). */
export const answerClasses = ['2xx', '3xx', '4xx', '5xx', 'none'] as const;
/** `500` is part of `5xx`: what a version failed by itself, and not because something behind it is away (503). */
export type AnswerCounts = Record<(typeof answerClasses)[number] | '500', number>;

/** One version of the MES that takes requests: where it is, what is on its way there, and how it has answered. */
export class ServedVersion {
  readonly version: string;
  readonly url: string;
  /** The same for each request that is opened. */
  readonly address: { hostname: string; port: string };
  /** Only what asks for a change: looking does nothing that could go wrong. */
  readonly counts: AnswerCounts = { '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, '500': 0, none: 0 };
  #onItsWay = 0;

  constructor(version: string, url: string) {
    this.version = version;
    this.url = url;
    const { hostname, port } = new URL(url);
    this.address = { hostname, port };
  }

  /** A request is on its way. Call what is returned once, with the status of its answer, or without when there was none. */
  enter(isLook: boolean): (status?: number) => void {
    this.#onItsWay++;
    return (status) => {
      this.#onItsWay--;
      if (isLook) return;
      this.counts[classOf(status)]++;
      if (status === 500) this.counts['500']++;
    };
  }

  /** Waits until nothing is on its way there any more, but no longer than that. */
  async idle(limitMs: number, clock: Clock = systemClock): Promise<void> {
    const until = clock.now() + limitMs;
    while (this.#onItsWay > 0 && clock.now() < until) await clock.sleep(20);
  }
}

function classOf(status: number | undefined): keyof AnswerCounts {
  return answerClasses.find((name) => name[0] === String(status)[0]) ?? 'none';
}
