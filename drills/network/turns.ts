/** Lets work wait for the work before it: a rhythm and signs of life reach one server in turn, and never half way through each other. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Does it when all that was asked for before has ended, well or badly. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
