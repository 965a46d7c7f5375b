import type { Targets } from '../../kit/targets.ts';
import type { Collector } from '../collector.ts';
import { probeTargets } from './selection.ts';

/** What a person sees who opens the exporter's address in a browser. */
export function landingPage(version: string, collectors: readonly Collector[], targets: Targets): string {
  const rows = probeTargets(collectors).map((name) =>
    row(
      name,
      Object.hasOwn(targets, name) ? targets[name]?.kind : undefined,
      collectors.filter(({ target }) => target === name),
    ),
  );
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Andon exporter</title>
<style>body{font-family:sans-serif;margin:2rem}td,th{text-align:left;vertical-align:top;padding:.3rem 1.5rem .3rem 0}</style>
<h1>Andon exporter ${escapeHtml(version)}</h1>
<p>${link('/metrics', 'Metrics')} · ${link('/metrics?debug=true', 'explained')} · ${link('/sd', 'service discovery')} ·
${link('/-/healthy', 'healthy')} · ${link('/-/ready', 'ready')}</p>
<h2>Targets</h2>
<table><tr><th>Target</th><th>Kind</th><th>Collectors, each explained</th></tr>
${rows.length === 0 ? '<tr><td colspan="3">andon.yaml names no target of which something can be measured</td></tr>' : rows.join('\n')}
</table></html>\n`;
}

function row(name: string, kind: string | undefined, collectors: readonly Collector[]): string {
  const probe = (more: Record<string, string>) => `/probe?${new URLSearchParams({ target: name, ...more })}`;
  const explained = collectors.map(
    (collector) =>
      `${link(probe({ 'collect[]': collector.name, debug: 'true' }), `${collector.name} of ${name}`)}`,
  );
  return `<tr><td>${link(probe({}), name)} (${link(probe({ debug: 'true' }), 'explained')})</td>
<td>${escapeHtml(kind ?? '')}</td><td>${explained.join('<br>')}</td></tr>`;
}

const link = (to: string, text: string): string => `<a href="${escapeHtml(to)}">${escapeHtml(text)}</a>`;

const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
