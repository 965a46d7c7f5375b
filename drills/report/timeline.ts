import { escapeHtml, type Html, trusted } from '../../kit/safe-html.ts';
import { faultSpans } from './fault-spans.ts';
import { between, clockOf, seconds } from './numbers.ts';
import { ink, palette } from './palette.ts';
import type { Report } from './schema.ts';
import { endOf } from './words.ts';

/** A stretch of time in a row. */
interface Bar {
  from: string;
  to: string;
  color: string;
  /** Shown when the pointer rests on it, and read aloud. */
  title: string;
  /** Written into the bar when it is wide enough. */
  text?: string;
  textColor?: string;
}

interface Row {
  label: string;
  note?: string;
  bars: Bar[];
  /** Moments, drawn as diamonds. */
  marks?: { at: string; title: string }[];
}

const rowHeight = 44;
const barTop = 20;
const barHeight = 14;
const axisHeight = 28;

/** The whole drill as one picture: stages, faults, alerts and runbooks over the same time. It scales to any width. */
export function timeline(report: Report): Html {
  const { startedAt, finishedAt } = report.run;
  const total = Math.max(between(startedAt, finishedAt), 0.001);
  const x = (at: string) => `${clamp((between(startedAt, at) / total) * 100).toFixed(3)}%`;
  const rows = [stageRow(report), ...faultRows(report), ...alertRows(report), ...runbookRows(report)];
  const height = rows.length * rowHeight + axisHeight;
  const drawn = rows.map((row, index) => drawRow(row, index * rowHeight, x, total));
  return trusted(
    `<svg class="timeline" role="img" aria-label="Timeline of the drill" width="100%" height="${height}">` +
      `${bands(report, rows.length * rowHeight, x)}${axis(total, rows.length * rowHeight)}${drawn.join('')}</svg>`,
  );
}

const clamp = (value: number): number => Math.min(100, Math.max(0, value));

function drawRow(row: Row, top: number, x: (at: string) => string, total: number): string {
  const note =
    row.note === undefined
      ? ''
      : ` <tspan fill="${ink.muted}" font-weight="400">${escapeHtml(row.note)}</tspan>`;
  const label = `<text x="0" y="${top + 13}" class="row">${escapeHtml(row.label)}${note}</text>`;
  const bars = row.bars.map((bar) => drawBar(bar, top + barTop, x, total));
  const marks = (row.marks ?? []).map(
    ({ at, title }) =>
      `<svg x="${x(at)}" y="${top + barTop + barHeight / 2}" overflow="visible"><path d="M0-8 6 0 0 8-6 0z" fill="${ink.paper}" stroke="${ink.text}" stroke-width="1.5"><title>${escapeHtml(title)}</title></path></svg>`,
  );
  return label + bars.join('') + marks.join('');
}

function drawBar(bar: Bar, top: number, x: (at: string) => string, total: number): string {
  const share = (between(bar.from, bar.to) / total) * 100;
  const width = `${Math.max(clamp(share), 0.25).toFixed(3)}%`;
  const rect = `<rect x="${x(bar.from)}" y="${top}" width="${width}" height="${barHeight}" rx="2" fill="${bar.color}"><title>${escapeHtml(bar.title)}</title></rect>`;
  if (bar.text === undefined || share < 14) return rect;
  const color = bar.textColor ?? ink.paper;
  return `${rect}<svg x="${x(bar.from)}" y="${top}" width="${width}" height="${barHeight}"><text x="6" y="11" font-size="11" fill="${color}">${escapeHtml(bar.text)}</text></svg>`;
}

const bar = (from: string, to: string, color: string, what: string): Bar => ({
  from,
  to,
  color,
  title: `${what}: ${clockOf(from)} to ${clockOf(to)}, ${seconds(between(from, to))}`,
});

const stageRow = ({ stages }: Report): Row => ({
  label: 'Stages',
  bars: stages.map(({ name, startedAt, finishedAt }, index) => ({
    ...bar(startedAt, finishedAt, index % 2 === 0 ? '#dde3e9' : '#c9d2da', name),
    text: name,
    textColor: ink.text,
  })),
});

const faultRows = ({ faults, run }: Report): Row[] =>
  faults.flatMap(({ kind, target, injectedAt, liftedAt, liftedBy }) =>
    injectedAt === null
      ? []
      : [
          {
            label: kind,
            note: `on ${target}, ${endOf(liftedBy)}`,
            bars: [bar(injectedAt, liftedAt ?? run.finishedAt, palette.red, kind)],
          },
        ],
  );

const alertRows = ({ alerts, faults, run }: Report): Row[] =>
  alerts.map(({ alert, tier, expected, ok, pendingAt, firingAt, deliveredAt, resolvedAt }) => {
    const end = resolvedAt ?? run.finishedAt;
    // When a pending alert that never fired gave up is not known; at the latest it did when the fault was out.
    const fizzled = faults.findLast(({ liftedAt }) => liftedAt !== null)?.liftedAt ?? end;
    const never = firingAt === null && deliveredAt === null ? ', never fired' : '';
    return {
      label: alert,
      note: `${tier === 'none' ? 'no tier' : `tier ${tier}`}${expected ? '' : ok ? ', also fired' : ', unwanted'}${never}`,
      bars: [
        ...(pendingAt ? [bar(pendingAt, firingAt ?? fizzled, '#f0c987', `${alert} pending`)] : []),
        ...(firingAt ? [bar(firingAt, end, palette.amber, `${alert} firing`)] : []),
      ],
      marks: deliveredAt ? [{ at: deliveredAt, title: `${alert} delivered: ${clockOf(deliveredAt)}` }] : [],
    };
  });

const runbookRows = ({ runbooks, run }: Report): Row[] =>
  runbooks.flatMap(({ name, outcome, startedAt, healedAt, finishedAt }) => {
    if (startedAt === null) return [];
    const end = finishedAt ?? run.finishedAt;
    const acted = healedAt ?? end;
    return [
      {
        label: name,
        note: `runbook, ${outcome}`,
        bars: [
          bar(startedAt, acted, palette.violet, `${name} acts`),
          ...(acted === end ? [] : [bar(acted, end, palette.lilac, `${name} proves that it helped`)]),
        ],
      },
    ];
  });

/** The time in which something was broken, behind all rows. */
function bands(report: Report, height: number, x: (at: string) => string): string {
  const drawn = faultSpans(report).map(({ fromMs, toMs }) => {
    const [from, to] = [x(new Date(fromMs).toISOString()), x(new Date(toMs).toISOString())];
    const width = (Number.parseFloat(to) - Number.parseFloat(from)).toFixed(3);
    return `<rect x="${from}" y="0" width="${width}%" height="${height}" fill="${palette.red}" opacity="0.06"/>`;
  });
  return drawn.join('');
}

/** Seconds since the start; at most seven ticks, so that they fit on a phone. */
function axis(total: number, top: number): string {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((size) => total / size <= 7) ?? 7200;
  const ticks = Array.from({ length: Math.floor(total / step) + 1 }, (_, index) => index * step);
  const drawn = ticks
    .filter((tick) => tick / total <= 0.95)
    .map((tick) => {
      const at = `${((tick / total) * 100).toFixed(3)}%`;
      return (
        `<line x1="${at}" x2="${at}" y1="0" y2="${top + 6}" stroke="${ink.line}" stroke-width="0.5"/>` +
        `<text x="${at}" y="${top + 20}" font-size="11" fill="${ink.muted}">${tick < 120 ? `${tick} s` : seconds(tick).replace(' 00 s', '')}</text>`
      );
    });
  return `<line x1="0" x2="100%" y1="${top}" y2="${top}" stroke="${ink.line}"/>${drawn.join('')}`;
}
