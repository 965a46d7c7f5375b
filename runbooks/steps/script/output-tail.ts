/** The text, and how many bytes before it were left out. */
export interface Output {
  text: string;
  cut: number;
}

/** The end of what a program writes: what went wrong stands there. */
export class OutputTail {
  readonly #most: number;
  #chunks: Buffer[] = [];
  #bytes = 0;
  #cut = 0;

  constructor(most: number) {
    this.#most = most;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    // Joined only now and then: a program may write a byte at a time.
    if (this.#bytes > 2 * this.#most) this.#trim();
  }

  end(): Output {
    this.#trim();
    return { text: Buffer.concat(this.#chunks).toString('utf8'), cut: this.#cut };
  }

  #trim(): void {
    const all = Buffer.concat(this.#chunks);
    const kept = all.subarray(Math.max(0, all.length - this.#most));
    this.#cut += all.length - kept.length;
    this.#chunks = [Buffer.from(kept)];
    this.#bytes = kept.length;
  }
}
