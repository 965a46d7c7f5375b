/** A text as a string of PromQL, quotes included, so that whatever it holds means itself. */
export const promString = (text: string): string => JSON.stringify(text.toWellFormed());

/** A regular expression (RE2) that matches these texts and nothing else. */
export const anyOf = (texts: readonly string[]): string =>
  texts.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|');

/** A text that Prometheus' templates leave as it is: a setting is no place to run a query from. */
export const literalText = (text: string): string => text.toWellFormed().replaceAll('{{', '{{"{{"}}');
