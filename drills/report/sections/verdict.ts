import { type Html, html, joinedName, trusted } from '../../../kit/safe-html.ts';
import { count, momentOf, seconds } from '../numbers.ts';
import { ink, palette } from '../palette.ts';
import type { Report } from '../schema.ts';
import { ceilings } from '../score.ts';
import { partWords, verdictWords } from '../words.ts';

/** The light over the line: one of three lamps is lit. */
export function lamp(lit: 'green' | 'amber' | 'red' | 'off'): Html {
  const lamps = (['red', 'amber', 'green'] as const).map((color, index) => {
    const fill = color === lit ? palette[color] : ink.line;
    return `<rect x="3" y="${3 + index * 17}" width="22" height="15" rx="3" fill="${fill}"/>`;
  });
  return trusted(
    `<svg class="lamp" aria-hidden="true" viewBox="0 0 28 66" width="28" height="66"><rect x="0" y="0" width="28" height="56" rx="6" fill="${ink.text}"/>${lamps.join('')}<rect x="12" y="56" width="4" height="10" fill="${ink.text}"/></svg>`,
  );
}

/** Verdict, title and the four figures that a plant manager asks for. */
export function verdictSection(report: Report): Html {
  const { run, verdict, score } = report;
  const { title, lamp: lit } = verdictWords[verdict];
  return html`<header class="verdict ${lit}">
<div class="head">${lamp(lit)}
<div class="said"><p class="eyebrow">Andon drill report</p><h1><b>${title}</b> ${run.title}</h1>
<p class="meta">${run.drill} · cause ${run.cause} · ${momentOf(run.startedAt)} · took ${seconds(run.durationSeconds)} · Andon ${run.version}</p></div>
<div class="score"><b>${count(score)}</b><span>of 100</span></div></div>
<dl class="tiles">${tiles(report).map(
    ({ name, value, note, bad }) =>
      html`<div class="tile${bad ? ' bad' : ''}"><dt>${name}</dt><dd><b>${value}</b><span>${note}</span></dd></div>`,
  )}</dl>
</header>`;
}

interface Tile {
  name: string;
  value: string;
  note: Html | string;
  bad: boolean;
}

function tiles(report: Report): Tile[] {
  const { production, recovery } = report;
  const counted = production.acknowledged > 0;
  return [
    alertTile(report),
    {
      name: 'Operations lost',
      value: counted ? count(production.lost) : '–',
      note: counted
        ? `of ${count(production.acknowledged)} acknowledged; ${count(production.duplicated)} duplicated`
        : 'not counted',
      bad: !production.ok,
    },
    {
      name: 'Lines stood still',
      value: counted ? seconds(production.lineStopSeconds) : '–',
      note: 'sum over all lines',
      bad: false,
    },
    {
      name: 'Steady again after',
      value: recovery.seconds === null ? 'never' : seconds(recovery.seconds),
      note: `from healing; limit ${seconds(recovery.limitSeconds)}`,
      bad: !recovery.ok,
    },
  ];
}

function alertTile({ alerts }: Report): Tile {
  const expected = alerts.filter((alert) => alert.expected);
  const unwanted = alerts.filter(({ ok, expected: named }) => !ok && !named).length;
  const worst =
    expected.find(({ deliveredAt }) => deliveredAt === null) ??
    expected.find(({ ok }) => !ok) ??
    expected.toSorted((a, b) => (b.timeToDetectSeconds ?? 0) - (a.timeToDetectSeconds ?? 0))[0];
  if (!worst)
    return { name: 'Alerts', value: count(unwanted), note: 'rang; none was expected', bad: unwanted > 0 };
  const { timeToDetectSeconds: took, boundSeconds: bound } = worst;
  return {
    name: 'Light on after',
    value: took === null ? 'never' : seconds(took),
    note: html`${bound !== null && `bound ${seconds(bound)}; `}${joinedName(worst.alert)}`,
    bad: !worst.ok,
  };
}

/** How the score came about: every part with its weight and what it earned. */
export function scoreSection(report: Report): Html {
  const { weights, points, score, verdict } = report;
  const sum = Object.values(points ?? {}).reduce((total, value) => total + value, 0);
  return html`<section class="scoring"><h2>Score</h2>
<table class="plain"><thead><tr><th>Part</th><th class="bar"></th><th class="number">Points</th></tr></thead><tbody>
${Object.entries(weights).map(([part, weight]) => {
  const earned = points?.[part];
  const share = weight === 0 || earned === undefined ? 0 : (earned / weight) * 100;
  return html`<tr><td>${partWords[part] ?? part}</td><td class="bar"><span><i class="${earned === weight ? 'full' : 'part'}" style="width:${share.toFixed(1)}%"></i></span></td><td class="number">${earned === undefined ? '' : html`<b>${count(earned)}</b> of `}${count(weight)}</td></tr>`;
})}
</tbody></table>
${sum > score + 0.05 && html`<p class="note">The parts sum to ${count(Math.round(sum * 10) / 10)}; a drill that is “${verdictWords[verdict].title.toLowerCase()}” scores ${ceilings[verdict]} at most.</p>`}</section>`;
}
