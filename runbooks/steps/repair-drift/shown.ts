import type { Change } from '../../repairs/changes.ts';
import type { Drift, Drifts } from '../../repairs/differences.ts';
import type { Repair } from '../../repairs/repair.ts';

/** So many records of each repair stand in the audit log; all are counted. */
const mostShown = 200;

/** What differed, for people: as data, and as CSV for a spreadsheet. */
export function driftsShown(repair: Repair, drifts: Drifts) {
  const { watermark, total, unsettled, repairable, extra } = drifts;
  const shown = [...repairable, ...extra].slice(0, mostShown);
  return {
    watermark,
    differing: total,
    unsettled,
    only_there: extra.length,
    differences: shown,
    csv: csvOf(repair, shown),
    cut: total > shown.length,
  };
}

/** What was changed: every row, as it was and as it is. */
export function changesShown(changes: readonly Change[]) {
  const shown = changes.slice(0, mostShown).map(({ statement, relation, before, after }) => ({
    statement,
    relation,
    before: before === null ? null : (JSON.parse(before) as unknown),
    after: JSON.parse(after) as unknown,
  }));
  return { changed: changes.length, changes: shown };
}

/** RFC 4180, with a line of names; a system that does not hold a record has an empty field. */
function csvOf({ comparison, from, into }: Repair, drifts: readonly Drift[]): string {
  const { keys, value } = comparison;
  const lines = drifts.map((drift) => [
    ...keys.map((key) => drift.keys[key] ?? ''),
    drift.before ?? '',
    drift.after ?? '',
  ]);
  const names = [...keys, `${into.system}_${value}`, `${from.system}_${value}`];
  return [names, ...lines].map((fields) => `${fields.map(field).join(',')}\r\n`).join('');
}

const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
