import { escapeJson, type Html, html, trusted } from '../../../kit/safe-html.ts';
import type { Report } from '../schema.ts';

/** The whole report as JSON, folded: what people read and what programs take out (`#report-json`) is the same text. */
export const appendixSection = (report: Report): Html =>
  html`<section class="appendix"><details><summary>Raw data (report.json)</summary><pre id="report-json">${trusted(escapeJson(compactJson(report)))}</pre></details></section>`;

/** Indented JSON with each point of a series on one line. */
export const compactJson = (report: Report): string =>
  JSON.stringify(report, null, 1).replaceAll(/\[\s+(-?[\d.e+-]+),\s+(-?[\d.e+-]+)\s+\]/g, '[$1, $2]');
