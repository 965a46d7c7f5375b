import type { Request } from 'express';
import { FailureWindow } from './failure-window.ts';
import type { WebDeps } from './web-deps.ts';

/** Each line of the audit log costs the disk time: whoever only knocks must not fill it. All are in the program's log. */
const mostLines = 30;
const perMs = 60_000;

/** Puts on record who was turned away, and why. */
export class Refusals {
  readonly #deps: Pick<WebDeps, 'audit' | 'log'>;
  readonly #window: FailureWindow;

  constructor(deps: Pick<WebDeps, 'audit' | 'log' | 'clock'>) {
    this.#deps = deps;
    this.#window = new FailureWindow(mostLines, perMs, deps.clock);
  }

  note(request: Pick<Request, 'method' | 'baseUrl' | 'path' | 'socket'>, reason: string): void {
    const { audit, log } = this.#deps;
    const { method, baseUrl, socket } = request;
    const path = `${baseUrl}${request.path}`.replace(/(.)\/$/, '$1');
    const about = { from: socket.remoteAddress ?? '', method, path: path.slice(0, 200), reason };
    log.warn(about, 'a request was refused');
    if (this.#window.note()) audit.append('request.refused', about);
  }
}
