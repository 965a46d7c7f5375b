/** A louder alert that makes a quieter one needless, where both speak of the same thing. */
export interface Inhibition {
  /** Alertmanager matchers, as in `tier="A"`. */
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** Labels that must be the same on both. A label missing on both counts as the same. */
  readonly equal: readonly string[];
}

/** What names the thing an alert is about, down to the line and the queue; one device of a line is part of it. */
const sameThing = ['target', 'line', 'vhost', 'queue'];

/** `for` of a source is never longer than that of what it silences, or the quieter would be sent first. */
export const inhibitions: readonly Inhibition[] = [
  { source: ['tier="A"'], target: ['tier=~"B|C"'], equal: ['alertname', ...sameThing] },
  { source: ['tier="B"'], target: ['tier="C"'], equal: ['alertname', ...sameThing] },
  {
    // One long wait alone is an A too, but where many wait the other alert says it better.
    source: ['alertname="MesDatabaseBlocked"'],
    target: ['alertname="MesDatabaseLockWait"'],
    equal: ['target'],
  },
];
