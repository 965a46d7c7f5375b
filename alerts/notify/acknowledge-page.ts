import { isoTime } from '../../kit/clock.ts';
import type { Occurrence } from './occurrence.ts';

/** The only style; the page's Content-Security-Policy forbids everything but styles in the page itself. */
const style = `body{font-family:sans-serif;max-width:32rem;margin:1.5rem auto;padding:0 1rem;overflow-wrap:anywhere}
input,button{font-size:1.2rem;padding:.7rem;width:100%;box-sizing:border-box;margin:.4rem 0}
button{background:#b00020;color:#fff;border:0;border-radius:.3rem}`;

/** What stands behind the link: a form while somebody is waited for. A link preview only looks, and acknowledges nothing. */
export function acknowledgePage(occurrence: Occurrence | undefined): string {
  if (occurrence === undefined)
    return page('Nothing here', '<p>This link is not valid, or the alert is long over.</p>');
  const { labels = {}, annotations = {}, startsAt = '' } = occurrence.firing ?? {};
  const title = `${occurrence.tier} · ${textOf(labels, 'alertname')}`;
  const about = `<h1>${escapeHtml(title)}</h1><p>${escapeHtml(textOf(annotations, 'summary'))}</p>
<p>Since ${escapeHtml(startsAt)}</p>`;
  return page(title, `${about}${stateOf(occurrence)}`);
}

function stateOf({ resolved, acknowledged }: Occurrence): string {
  if (resolved)
    return `<p><strong>It is over${resolved.endsAt ? ` since ${escapeHtml(resolved.endsAt)}` : ''}.</strong></p>`;
  if (acknowledged)
    return `<p><strong>${escapeHtml(acknowledged.by)} has it, since ${isoTime(acknowledged.at)}.</strong> Nobody else is told.</p>`;
  return `<form method="post"><input name="name" maxlength="80" placeholder="Your name" aria-label="Your name" autocomplete="name">
<button>I have it</button></form>`;
}

const page = (title: string, body: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>${escapeHtml(title)}</title><style>${style}</style>${body}</html>\n`;

const textOf = (texts: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(texts, name) ? (texts[name] ?? '') : '';

const escapeHtml = (text: string): string =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
