/** The same values, each asked for while the one before is still being worked on: several databases work at the same time. */
export async function* readAhead<T>(values: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = values[Symbol.asyncIterator]();
  try {
    let coming = iterator.next();
    for (;;) {
      const { done, value } = await coming;
      if (done) return;
      coming = iterator.next();
      coming.catch(() => {}); // It is told when it is asked for.
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}
