import { type Html, html, trusted } from '../../kit/safe-html.ts';
import { styleSheet } from './style-sheet.ts';

const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** A whole page that needs nothing but itself: no script, no font, no request. */
export const page = (title: string, content: Html): string =>
  html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="andon"><title>${title}</title>
<style>${trusted(styleSheet)}</style></head>
<body><main>${content}</main></body></html>
`.text;
