import type { Collector } from '../collector.ts';

/** What a person sees who opens the exporter's address in a browser. */
export function landingPage(version: string, collectors: readonly Collector[]): string {
  const rows = collectors
    .map(({ name, target }) => `<li>${escapeHtml(name)} of ${escapeHtml(target)}</li>`)
    .join('');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Andon exporter</title>
<h1>Andon exporter ${escapeHtml(version)}</h1>
<p><a href="/metrics">Metrics</a> · <a href="/-/healthy">healthy</a> · <a href="/-/ready">ready</a></p>
<h2>Collectors</h2><ul>${rows}</ul></html>\n`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
