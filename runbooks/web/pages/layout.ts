import { createHash } from 'node:crypto';
import { type Html, html } from '../../../kit/safe-html.ts';
import type { Session } from '../../store/sessions.ts';
import { liveScript } from './live-script.ts';
import { styleSheet } from './style-sheet.ts';

const version = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

/** What pages load besides themselves, under addresses that change with it: a browser may keep it for ever. */
export const assets = {
  style: { path: `/assets/${version(styleSheet)}.css`, type: 'text/css', text: styleSheet },
  script: { path: `/assets/${version(liveScript)}.js`, type: 'text/javascript', text: liveScript },
} as const;

/** A page's own part: what the script exchanges. */
export interface PageContent {
  title: string;
  /** Pieces of the page, each with an id. */
  main: Html;
  /** Without the script the page is loaded again after this. */
  reloadSeconds: number;
}

/** A page for somebody who has signed in. */
export function page({ title, main, reloadSeconds }: PageContent, { person, csrf }: Session): string {
  const body = html`<header class="bar"><a href="/">Andon · runbooks</a>
<form method="post" action="/sign-out"><input type="hidden" name="csrf" value="${csrf}">${person.name}<button>Sign out</button></form></header>
<div id="stale" hidden role="alert">The runbook service does not answer: what you see here is old.</div>
<main data-live>${main}</main>`;
  const head = html`<noscript><meta http-equiv="refresh" content="${reloadSeconds}"></noscript>
<script src="${assets.script.path}" defer></script>`;
  return document(title, head, body);
}

/** A page that does not change while it is looked at. */
export const plainPage = (title: string, body: Html): string =>
  document(title, html``, html`<main>${body}</main>`);

const document = (title: string, head: Html, body: Html): string =>
  html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>${title}</title><link rel="stylesheet" href="${assets.style.path}"><link rel="icon" href="data:,">
${head}</head><body>${body}</body></html>
`.text;
