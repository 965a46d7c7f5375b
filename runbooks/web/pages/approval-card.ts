import { type Html, html, joinedName } from '../../../kit/safe-html.ts';
import type { Approval } from '../../store/approvals.ts';
import type { RunRecord } from '../../store/run.ts';
import type { Session } from '../../store/sessions.ts';
import { type PlantTime, roughly, withTimes } from './plant-time.ts';

/** A question with the run that it is about. */
export interface Question {
  approval: Approval;
  run: Pick<RunRecord, 'id' | 'runbook' | 'target' | 'alert' | 'actor' | 'plan' | 'trust' | 'labels'>;
}

/** Why this person cannot answer; undefined when they can. The engine decides the same again. */
export function whyNotMine(
  { approval: { requester, roles } }: Question,
  { person }: Session,
): string | undefined {
  if (requester === person.name) return 'you have asked for it, so another person answers';
  if (!person.roles.some((role) => roles.includes(role)))
    return `it takes one of the roles ${roles.join(', ')}`;
  return undefined;
}

/** A question with its plan, and large buttons for whoever may answer it. */
export function approvalCard(question: Question, session: Session, now: number, time: PlantTime): Html {
  const { approval, run } = question;
  const { position, planHash, expiresAt, requestedAt, requester, roles } = approval;
  const left = roughly(expiresAt - now);
  const other = whyNotMine(question, session);
  return html`<div class="card">
<h3><a href="/run/${run.id}">${run.runbook}${run.target === null ? '' : ` on ${run.target}`}</a></h3>
<p>${approval.question}${position > 0 && ` (step ${position})`}</p>
<p class="note">${run.alert !== null && html`alert ${joinedName(run.alert)} · `}asked by ${requester} at ${time(requestedAt)} · ${left} left, then it is not done · for ${roles.join(', ')}</p>
${run.trust !== '' && html`<p class="note">${withTimes(run.trust, time)}</p>`}
<pre>${run.plan}</pre>
${other === undefined ? answerForm(run.id, { position, planHash, csrf: session.csrf }) : html`<p class="note">You cannot answer: ${other}.</p>`}
<p class="note">Your answer holds for this plan alone: <code title="${planHash}">${planHash.slice(0, 16)}</code></p>
</div>`;
}

const answerForm = (
  run: string,
  { position, planHash, csrf }: { position: number; planHash: string; csrf: string },
) =>
  html`<form method="post" action="/run/${run}/answer" class="answer"><input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="position" value="${position}"><input type="hidden" name="plan_hash" value="${planHash}">
<button name="decision" value="approved">Approve</button><button name="decision" value="rejected" class="no">Reject</button></form>`;
