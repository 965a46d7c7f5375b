import { type Html, html, trusted } from '../../../kit/safe-html.ts';
import { count } from '../numbers.ts';
import { limitOf, type PlotFrame, plotSvg } from '../plots.ts';
import type { Report } from '../schema.ts';

type Series = Report['series'][number];

/** Plots of some of a report's series, each with its fault band and, where the hypothesis sets one, its limit. */
export function plotGrid(report: Report, frame: PlotFrame, wanted: (series: Series) => boolean): Html {
  const chosen = report.series
    .map((series, place) => ({ series, place }))
    .filter(({ series }) => wanted(series) && series.points.length > 0);
  if (chosen.length === 0) return html``;
  return html`<div class="plots">${chosen.map(({ series, place }) => plot(report, series, frame, place))}</div>`;
}

function plot(report: Report, series: Series, frame: PlotFrame, place: number): Html {
  const limit = limitOf(report, series);
  const values = series.points.map(([, value]) => value);
  const range = `lowest ${count(Math.min(...values))}, highest ${count(Math.max(...values))}`;
  return html`<figure><figcaption><b>${series.name.replace(/^load: /, '')}</b> <span>${series.unit}${limit !== undefined && `, limit ${count(limit)}`}</span></figcaption>
${trusted(plotSvg(series, frame, limit, place))}<p class="range">${range}</p></figure>`;
}

/** What Prometheus saw, over time. */
export function plotsSection(report: Report, frame: PlotFrame): Html {
  const grid = plotGrid(report, frame, ({ name }) => !name.startsWith('load: '));
  if (grid.text === '') return html``;
  const limited = report.series.some((series) => limitOf(report, series) !== undefined);
  return html`<section><h2>Measurements</h2>
<p class="legend"><span><i class="fault"></i>fault in</span>${limited && html`<span><i class="limit"></i>limit of the steady state</span>`}</p>${grid}</section>`;
}
