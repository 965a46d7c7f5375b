/**
 * Ignores these signals while it lives. Whoever stops a runner politely (Ctrl-C, a service manager) often sends the signal to its
 * watchdog and leashes as well. They must outlive that: they end with their runner anyway.
 */
export function deaf(signals: readonly NodeJS.Signals[]): Disposable {
  const ignore = () => {};
  for (const signal of signals) process.on(signal, ignore);
  return {
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, ignore);
    },
  };
}
