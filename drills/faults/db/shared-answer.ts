/** Whoever asks while the question is on its way shares its answer: one session carries one statement at a time. */
export function sharedAnswer<T>(ask: () => Promise<T>): () => Promise<T> {
  let onItsWay: Promise<T> | undefined;
  return () => {
    onItsWay ??= ask().finally(() => {
      onItsWay = undefined;
    });
    return onItsWay;
  };
}
