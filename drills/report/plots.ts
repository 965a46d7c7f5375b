import { loadCharts } from './charts.ts';
import { type FaultSpan, faultSpans } from './fault-spans.ts';
import { ink, palette } from './palette.ts';
import type { Report } from './schema.ts';

type Series = Report['series'][number];
type Points = [number, number | null][];

const size = { width: 440, height: 200 };
const label = { color: ink.muted, fontSize: 12, fontFamily: 'system-ui, sans-serif' };

/** What every plot of a report shows beside its own line. */
export interface PlotFrame {
  /** Unix milliseconds: all plots share one time axis. */
  fromMs: number;
  toMs: number;
  /** When something was broken. */
  bands: readonly FaultSpan[];
}

export const plotFrame = (report: Report): PlotFrame => ({
  fromMs: Date.parse(report.run.startedAt),
  toMs: Date.parse(report.run.finishedAt),
  bands: faultSpans(report),
});

/** The limit that the hypothesis sets on a figure of the same name. */
export function limitOf({ hypothesis }: Report, { name }: Series): number | undefined {
  const probe = [...hypothesis.before, ...hypothesis.after].find((result) => result.name === name);
  const number = probe && /-?\d+(?:\.\d+)?$/.exec(probe.expect.trim())?.[0];
  return number === undefined ? undefined : Number(number);
}

/** One figure over time as an inline SVG. `place` must differ from plot to plot in one page. */
export function plotSvg(series: Series, frame: PlotFrame, limit: number | undefined, place: number): string {
  const chart = loadCharts().init(null, null, { renderer: 'svg', ssr: true, ...size });
  try {
    chart.setOption(optionOf(series, frame, limit));
    return inlineSvg(chart.renderToSVGString(), place);
  } finally {
    chart.dispose();
  }
}

function optionOf({ points, unit }: Series, frame: PlotFrame, limit: number | undefined) {
  const highest = Math.max(...points.map(([, value]) => value), limit ?? Number.NEGATIVE_INFINITY);
  const isShare = unit === 'ratio';
  return {
    animation: false,
    useUTC: true,
    grid: {
      left: 4,
      right: 28,
      top: 10,
      bottom: 4,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: {
      type: 'time',
      min: frame.fromMs,
      max: frame.toMs,
      splitNumber: 3,
      axisLine: { lineStyle: { color: ink.line } },
      axisTick: { lineStyle: { color: ink.line } },
      axisLabel: { ...label, formatter: '{HH}:{mm}:{ss}', hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      min: 0,
      ...(isShare && highest <= 1 ? { max: 1, interval: 0.25 } : highest <= 0 ? { max: 1, interval: 1 } : {}),
      splitNumber: 3,
      splitLine: { lineStyle: { color: ink.faint } },
      axisLabel: {
        ...label,
        formatter: (value: number) => (isShare ? `${Math.round(value * 100)} %` : short(value)),
      },
    },
    series: [
      {
        type: 'line',
        data: broken(points),
        showSymbol: points.length < 3,
        symbolSize: 4,
        sampling: 'lttb',
        lineStyle: { width: 2, color: palette.blue },
        itemStyle: { color: palette.blue },
        areaStyle: { color: palette.blue, opacity: 0.07 },
        markArea: bandsOf(frame),
        ...(limit === undefined ? {} : { markLine: limitLine(limit) }),
      },
    ],
  };
}

const bandsOf = ({ bands }: PlotFrame) => ({
  silent: true,
  itemStyle: { color: palette.red, opacity: 0.1 },
  data: bands.map(({ fromMs, toMs }) => [{ xAxis: fromMs }, { xAxis: toMs }]),
});

const limitLine = (limit: number) => ({
  silent: true,
  symbol: 'none',
  label: { show: false },
  lineStyle: { color: palette.amber, type: 'dashed', width: 1.5 },
  data: [{ yAxis: limit }],
});

const short = (value: number): string =>
  new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 2 }).format(value);

/** Where points are missing, the line breaks: no figure is not the last figure. */
function broken(points: Series['points']): Points {
  const steps = points.slice(1).map(([at], index) => at - (points[index]?.[0] ?? at));
  const usual = steps.toSorted((a, b) => a - b)[Math.floor(steps.length / 2)] ?? 0;
  return points.flatMap(([at, value], index): Points => {
    const gap = at - (points[index - 1]?.[0] ?? at) > usual * 3;
    return gap
      ? [
          [at * 1000 - 1, null],
          [at * 1000, value],
        ]
      : [[at * 1000, value]];
  });
}

/**
 * Leaves out what only a live chart needs (hover styles, classes, marks for scripts). ECharts numbers its ids by process:
 * ours are numbered by page, so that the same report is the same file.
 */
function inlineSvg(svg: string, place: number): string {
  return svg
    .replaceAll(/<style[^>]*>[\s\S]*?<\/style>/g, '')
    .replaceAll(/ (?:class|ecmeta_\w+|pointer-events|xml:space)="[^"]*"/g, '')
    .replaceAll(/zr\d+-/g, `plot${place}-`)
    .replaceAll(/ xmlns(:\w+)?="[^"]*"/g, '')
    .replace(/<svg width="\d+" height="\d+"/, '<svg aria-hidden="true"');
}
