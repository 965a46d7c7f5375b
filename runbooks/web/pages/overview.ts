import { type Html, html, joinedName } from '../../../kit/safe-html.ts';
import type { BrokenOff } from '../../snapshots/interrupted.ts';
import type { Hold } from '../../store/holds.ts';
import type { RunRecord } from '../../store/run.ts';
import type { Session } from '../../store/sessions.ts';
import { approvalCard, type Question, whyNotMine } from './approval-card.ts';
import type { PageContent } from './layout.ts';
import { type PlantTime, roughly, withTimes } from './plant-time.ts';
import { stateChip } from './run-words.ts';

/** One runbook as the overview lists it. */
export interface RunbookLine {
  id: string;
  title: string;
  modes: string;
  acts: boolean;
  because: string;
}

export interface OverviewData {
  questions: readonly Question[];
  open: readonly RunRecord[];
  recent: readonly RunRecord[];
  hold: Hold | undefined;
  brokenOff: readonly BrokenOff[];
  runbooks: readonly RunbookLine[];
  now: number;
  time: PlantTime;
}

/** What waits for this person, what runs, what has been, and what may act by itself. */
export function overview(data: OverviewData, session: Session): PageContent {
  const mine = data.questions.filter((one) => whyNotMine(one, session) === undefined);
  const others = data.questions.filter((one) => whyNotMine(one, session) !== undefined);
  const cards = (questions: readonly Question[]) =>
    questions.map((one) => approvalCard(one, session, data.now, data.time));
  return {
    title: mine.length > 0 ? `(${mine.length}) runbooks` : 'Runbooks',
    reloadSeconds: data.open.length > 0 ? 3 : 15,
    main: html`${paused(data)}${data.brokenOff.map((one) => brokenOff(one, data))}
${mine.length > 0 ? html`<section id="mine" class="asks"><h2>Waits for you</h2>${cards(mine)}</section>` : html`<section id="mine"><p class="nothing">Nothing waits for you.</p></section>`}
${others.length > 0 && html`<section id="others"><h2>Waits for others</h2>${cards(others)}</section>`}
${now(data)}
${past(data)}
${acting(data)}`,
  };
}

const paused = ({ hold, time }: OverviewData): Html | false =>
  hold !== undefined &&
  html`<section id="paused" class="banner bad"><b>Paused by ${hold.holder}</b> until ${time(hold.expiresAt)}: no runbook does anything. To end it: <code>andon runbook resume</code></section>`;

const brokenOff = ({ what, mend }: BrokenOff, { time }: OverviewData): Html =>
  html`<section class="banner bad"><b>Half done</b>: ${withTimes(what, time)}. ${mend}</section>`;

function now({ open, now: at }: OverviewData): Html {
  // What asks for approval stands above.
  const working = open.filter(({ state }) => state !== 'awaiting-approval');
  if (working.length === 0)
    return html`<section id="now"><p class="nothing">No runbook is at work.</p></section>`;
  return html`<section id="now"><h2>At work</h2>${working.map(
    (
      run,
    ) => html`<div class="card"><h3><a href="/run/${run.id}">${nameOf(run)}</a> ${stateChip(run.state)}</h3>
<p class="note">${begunBy(run)} · for ${roughly(at - Date.parse(run.receivedAt))}${lastStep(run)}</p></div>`,
  )}</section>`;
}

function lastStep({ steps }: RunRecord): string {
  const last = steps.at(-1);
  return last
    ? ` · ${last.phase === 'undo' ? 'takes back ' : ''}step ${last.position}: ${last.step}, ${last.outcome}`
    : '';
}

const begunBy = ({ alert, actor }: RunRecord): Html | string => (alert === null ? actor : joinedName(alert));

const nameOf = ({ runbook, target }: RunRecord): string =>
  `${runbook}${target === null ? '' : ` on ${target}`}`;

function past({ recent, time }: OverviewData): Html {
  if (recent.length === 0)
    return html`<section id="past"><p class="nothing">No runbook has run yet.</p></section>`;
  return html`<section id="past"><h2>The last ${recent.length} runs</h2>
<table><thead><tr><th>Runbook</th><th>State</th><th>Since</th><th>Alert</th><th>Why</th></tr></thead><tbody>${recent.map(
    (run) => html`<tr><td><a href="/run/${run.id}">${nameOf(run)}</a></td><td>${stateChip(run.state)}</td>
<td class="wide">${time(run.receivedAt)}</td><td class="wide">${begunBy(run)}</td><td class="wide any">${withTimes(short(run.reason), time)}</td></tr>`,
  )}</tbody></table></section>`;
}

const longestReason = 220;
const short = (text: string): string =>
  text.length > longestReason ? `${text.slice(0, longestReason)} …` : text;

const acting = ({ runbooks, time }: OverviewData): Html =>
  html`<section id="runbooks"><h2>Which may act by themselves</h2>
<table><thead><tr><th>Runbook</th><th>Acts</th><th>Mode</th><th>Why</th></tr></thead><tbody>${runbooks.map(
    ({ id, title, modes, acts, because }) => html`<tr><td>${id}<br><small>${title}</small></td>
<td><span class="state ${acts ? 'good' : ''}">${acts ? 'by itself' : 'asks'}</span></td><td class="wide">${modes}</td><td class="wide any">${withTimes(because, time)}</td></tr>`,
  )}</tbody></table></section>`;
