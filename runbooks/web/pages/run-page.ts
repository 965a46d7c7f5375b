import { type Html, html, joinedName } from '../../../kit/safe-html.ts';
import { nextActions } from '../../people/next-actions.ts';
import type { Approval } from '../../store/approvals.ts';
import type { RunRecord, RunStep } from '../../store/run.ts';
import type { Session } from '../../store/sessions.ts';
import { approvalCard, type Question } from './approval-card.ts';
import type { PageContent } from './layout.ts';
import { type PlantTime, roughly, withTimes } from './plant-time.ts';
import { stateChip, toneOf } from './run-words.ts';

export interface RunPageData {
  run: RunRecord;
  /** Questions that can still be answered. */
  questions: readonly Question[];
  /** All that was asked about the run. */
  approvals: readonly Approval[];
  now: number;
  time: PlantTime;
  /** Why the answer that was just given does not count. */
  problem?: string | undefined;
}

/** Everything about one run, as it goes on. */
export function runPage(data: RunPageData, session: Session): PageContent {
  const { run, questions, problem, now, time } = data;
  const name = `${run.runbook}${run.target === null ? '' : ` on ${run.target}`}`;
  return {
    title: `${run.id}: ${name}, ${run.state}`,
    reloadSeconds: run.finishedAt === null ? 2 : 60,
    main: html`${problem !== undefined && html`<section id="problem" class="banner bad" role="alert">Not taken: ${problem}.</section>`}
${head(data, name)}
${questions.length > 0 && html`<section id="asks" class="asks"><h2>Asks people</h2>${questions.map((one) => approvalCard(one, session, now, time))}</section>`}
${todo(run)}
${steps(data)}
${answers(data)}
${run.plan !== '' && questions.length === 0 && html`<section id="plan"><h2>The plan</h2><pre>${run.plan}</pre><p class="note">Its hash: <code title="${run.planHash}">${run.planHash.slice(0, 16)}</code></p></section>`}
${about(data)}`,
  };
}

function head({ run, time, now }: RunPageData, name: string): Html {
  const end = run.finishedAt === null ? now : Date.parse(run.finishedAt);
  const proof =
    run.verifiedAt === null ? '' : html`<p>All its checks had come true at ${time(run.verifiedAt)}.</p>`;
  return html`<section id="head"><h1>${name}</h1><p>${stateChip(run.state)} <small>run ${run.id} · ${run.alert === null ? `begun by ${run.actor}` : html`alert ${joinedName(run.alert)}`} · ${time(run.receivedAt)} · ${run.finishedAt === null ? 'for' : 'took'} ${roughly(end - Date.parse(run.receivedAt))}</small></p>
${run.reason !== '' && html`<p class="said">${withTimes(run.reason, time)}</p>`}${proof}</section>`;
}

function todo(run: RunRecord): Html | false {
  const actions = run.state === 'awaiting-approval' ? [] : nextActions(run);
  return (
    actions.length > 0 &&
    html`<section id="todo" class="banner"><h2>What to do now</h2><ol>${actions.map((one) => html`<li>${one}</li>`)}</ol></section>`
  );
}

const steps = ({ run, time }: RunPageData): Html =>
  run.steps.length === 0
    ? html`<section id="steps"><p class="nothing">No step has been begun.</p></section>`
    : html`<section id="steps"><h2>Steps</h2><ol class="steps">${run.steps.map((one) => step(one, time))}</ol></section>`;

function step(one: RunStep, time: PlantTime): Html {
  const { position, phase, attempt, outcome, touched, summary, details, startedAt, finishedAt } = one;
  const changed =
    outcome === 'running'
      ? ''
      : touched === null
        ? ' · nobody knows what it changed'
        : ` · changed ${touched}`;
  const took = finishedAt === null ? '' : ` · ${roughly(Date.parse(finishedAt) - Date.parse(startedAt))}`;
  const folded = Object.keys(details).length > 0;
  return html`<li class="${toneOf(outcome)}"><h3>${phase === 'undo' && 'Takes back '}${position}. ${one.step} ${stateChip(outcome)}</h3>
<p class="note">${time(startedAt)}${took}${changed}${attempt > 1 && ` · attempt ${attempt}`}</p>${summary !== '' && html`<p class="said">${summary}</p>`}
${folded && html`<details id="details-${phase}-${position}-${attempt}"><summary>Details</summary><pre>${JSON.stringify(details, null, 2)}</pre></details>`}</li>`;
}

function answers({ approvals, time }: RunPageData): Html | false {
  const decided = approvals.filter(({ decision }) => decision !== null);
  return (
    decided.length > 0 &&
    html`<section id="answers"><h2>What people said</h2>${decided.map(
      ({ question, decision, decidedBy, decidedAt }) =>
        html`<p>${question} <b>${decision}</b>${decidedBy !== null && ` by ${decidedBy}`} at ${time(decidedAt)}</p>`,
    )}</section>`
  );
}

function about({ run, time }: RunPageData): Html {
  const pairs = (values: Record<string, string>) =>
    Object.entries(values).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`);
  const inputs = pairs(run.inputs);
  return html`<section id="about"><h2>About this run</h2><dl><dt>Mode</dt><dd>${run.mode}${run.trust !== '' && [': ', withTimes(run.trust, time)]}</dd>
${run.need !== null && html`<dt>Needed</dt><dd>${run.need.applies === true ? 'yes' : run.need.applies === false ? 'no' : 'not known'}: ${withTimes(run.need.said, time)}</dd>`}
<dt>Since</dt><dd>${time(run.startsAt)}</dd>${run.startedAt !== null && html`<dt>Begun</dt><dd>${time(run.startedAt)}</dd>`}${run.finishedAt !== null && html`<dt>Ended</dt><dd>${time(run.finishedAt)}</dd>`}<dt>Fingerprint</dt><dd>${run.fingerprint}</dd></dl>
${inputs.length > 0 && html`<h3>Inputs</h3><dl>${inputs}</dl>`}
${Object.keys(run.labels).length > 0 && html`<details id="labels"><summary>Labels of the alert</summary><dl>${pairs(run.labels)}</dl></details>`}</section>`;
}
