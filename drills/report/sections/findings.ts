import { type Html, html, withCode } from '../../../kit/safe-html.ts';
import type { Report } from '../schema.ts';

const words = { critical: 'Critical', warning: 'Warning', info: 'Note' } as const;

/** What people should know and do, gravest first; nothing when there is nothing. */
export function findingsSection({ findings, verdict }: Report): Html {
  if (findings.length === 0) return html``;
  const heading = verdict === 'passed' ? 'Worth knowing' : 'What to do';
  return html`<section class="findings"><h2>${heading}</h2><ol>
${findings.map(
  ({
    severity,
    text,
    cause,
    fix,
  }) => html`<li class="${severity}"><p class="text"><span class="tag">${words[severity]}</span> ${withCode(text)}</p>
<p class="why"><b>Likely cause</b> ${withCode(cause)}</p><p class="fix"><b>Do</b> ${withCode(fix)}</p></li>`,
)}
</ol></section>`;
}
