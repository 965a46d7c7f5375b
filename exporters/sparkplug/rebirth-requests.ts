import type { EdgeNode } from './edge-node.ts';

/** So many are asked at a time: births of a whole plant at once would be a flood of our own making. */
const atATime = 20;

export interface RebirthOptions {
  /** Without it nobody is ever asked. */
  enabled: boolean;
  /** One edge node is asked at most once in this time. */
  intervalMs: number;
  send: (node: EdgeNode) => void;
}

/** Edge nodes that should send their births anew, because something of them was missed. */
export class RebirthRequests {
  readonly #options: RebirthOptions;
  readonly #wanted = new Set<EdgeNode>();

  constructor(options: RebirthOptions) {
    this.#options = options;
  }

  want(node: EdgeNode): void {
    if (this.#options.enabled) this.#wanted.add(node);
  }

  /** Its birth came, or it is gone. */
  settled(node: EdgeNode): void {
    this.#wanted.delete(node);
  }

  /** Asks some of those whose last request is long enough ago. */
  tick(nowMs: number): void {
    let asked = 0;
    for (const node of this.#wanted) {
      if (nowMs - node.rebirthAskedMs < this.#options.intervalMs) continue;
      this.#wanted.delete(node);
      node.rebirthAskedMs = nowMs;
      this.#options.send(node);
      asked += 1;
      if (asked === atATime) return;
    }
  }
}
