import { type Html, html } from '../../../kit/safe-html.ts';
import { between, seconds } from '../numbers.ts';
import type { Report } from '../schema.ts';
import { timeline } from '../timeline.ts';

/** The picture of the drill, and how long each stage took. */
export const timelineSection = (report: Report): Html =>
  html`<section class="time"><h2>Timeline</h2>
<p class="legend"><span><i class="fault"></i>fault in</span><span><i class="pending"></i>pending</span><span><i class="firing"></i>firing</span><span><i class="diamond"></i>delivered</span><span><i class="runbook"></i>runbook acts</span><span><i class="verifying"></i>runbook verifies</span></p>
${timeline(report)}
<p class="note">${report.stages.map(
    ({ name, startedAt, finishedAt }, index) =>
      html`${index > 0 && ' · '}${name} ${seconds(between(startedAt, finishedAt))}`,
  )}</p></section>`;
