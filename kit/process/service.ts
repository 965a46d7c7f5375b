/** One life of a service: started again, it has another id. */
export interface Life {
  /** The process with its start time, or the start of a container. */
  id: string;
  /** The main process on this computer. */
  pid: number;
}

/** What runs behind a `process` or `container` target: something that lives, can be signalled, and can be started again. */
export interface Service {
  /** The target's name. */
  readonly name: string;
  /** What of it is signalled, for the sentences of a plan: `the process of postgres-process`. */
  readonly what: string;
  /** The life it lives now; undefined when it does not live. */
  life(signal: AbortSignal): Promise<Life | undefined>;
  /** When a life of it began: Unix milliseconds, right to some tens of them. */
  beganAt(life: Life): number;
  /** Throws UnavailableError, with what to do, when it does not live or may not be signalled. Returns its life. */
  demand(signal: AbortSignal): Promise<Life>;
  /** Throws UnavailableError when it could plainly not be started again. Touches nothing. */
  demandStart(signal: AbortSignal): Promise<void>;
  /** Sends a signal to the main process of that life; nothing when that life is over. */
  send(life: Life, name: NodeJS.Signals, signal: AbortSignal): Promise<void>;
  /** Asks that life to end in the orderly way that belongs to it; nothing when it is over. */
  askToEnd(life: Life, signal: AbortSignal): Promise<void>;
  /** By what it is asked so, for the sentences of a plan: `SIGTERM`. */
  readonly endsBy: string;
  /** Stops it from running, with all that belongs to it, and returns when it stands still. */
  pause(life: Life, signal: AbortSignal): Promise<void>;
  /** Lets it run again and returns when it does; nothing when nothing of it is paused. */
  resume(signal: AbortSignal): Promise<void>;
  /** What of it is paused, in words. */
  paused(signal: AbortSignal): Promise<string[]>;
  /** Starts it unless it lives, and returns when it does. Safe to call from several processes at once. */
  start(signal: AbortSignal): Promise<Life>;
  /** Lines that a person can follow. */
  readonly byHand: { start: string; resume: string };
}

/** Whether a life goes on. */
export const isLife = async (service: Service, { id }: Life, signal: AbortSignal): Promise<boolean> =>
  (await service.life(signal))?.id === id;
