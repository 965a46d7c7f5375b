import { metrics } from '../../exporters/catalogue.ts';
import { promDuration } from '../../kit/duration.ts';
import type { RuleSettings } from '../config.ts';
import { oee } from '../oee.ts';
import { workOrderAge } from '../ratios.ts';
import { recentMoves } from '../remembered.ts';
import type { AlertRule } from '../rule.ts';
import { percent, span } from '../wording.ts';

const moves = metrics.workOrderTransitions.name;
const planned = metrics.linePlannedBusy.name;

const overdue = (tier: 'A' | 'B', limits: number, forMs: number): AlertRule => ({
  name: 'MesWorkOrdersOverdue',
  tier,
  code: { A: 'MES-A-103', B: 'MES-B-202' }[tier],
  cause: 'load',
  owner: 'line',
  expr: `${workOrderAge.record} > ${limits}`,
  forMs,
  onlyInShift: true,
  when: `a work order is in its state for over ${limits} × the limit of that state, ${span(forMs)}`,
  summary: 'A work order of {{ $labels.target }} is stuck in the state {{ $labels.state }}',
  detail: 'The oldest has been there for {{ $value | humanize }} times the limit of that state.',
  meaning: 'What should follow it does not begin, and its delivery date is at risk.',
  action:
    'Find it in the MES by its state and its age. Look who should move it on and what they lack: the predecessor, ' +
    'material, a right, or a working terminal.',
});

/**
 * A line on which nothing has moved. No pair of states may be new since the window began, because its first move is not counted as
 * an increase; that also keeps quiet until the window is known. And the total must not have risen, which sees the moves
 * that were made while nobody scraped.
 */
const nothingMoved = (window: string): string => `sum by (target, line) (increase(${moves}[${window}])) == 0
unless on (target, line) (${moves} unless ${moves} offset ${window})
and on (target, line) sum by (target, line) (${moves}) <= sum by (target, line) (${moves} offset ${window})`;

const idleByPlan = (idleMs: number): AlertRule => {
  const window = promDuration(idleMs);
  return {
    name: 'MesLineIdle',
    tier: 'A',
    code: 'MES-A-104',
    cause: 'hardware',
    owner: 'line',
    expr: `${nothingMoved(window)}
and on (target, line) min_over_time(${planned}[${window}]) == 1
and on (target, line) ${planned} offset ${window} == 1`,
    forMs: 0,
    onset: { ms: idleMs, reason: `the line must have stood still for ${span(idleMs)} of planned time` },
    when: `no work order of a line has moved for ${span(idleMs)}, in which its shift plan says it is busy`,
    summary: 'Nothing moves on line {{ $labels.line }}',
    meaning:
      'The line should produce, and no work order on it has changed its state: it stands still, or nobody can report.',
    action:
      'Ask at the line. If it produces, look at its terminals and gateway; if it does not, at its machines, its material and its dispatch list.',
  };
};

/** For plants whose MES gives no shift plan: by the shifts of andon.yaml, and only for a line that worked a while ago. */
const idleByShift = (idleMs: number): AlertRule => {
  const window = promDuration(idleMs);
  return {
    name: 'MesLineIdle',
    tier: 'B',
    code: 'MES-B-203',
    cause: 'hardware',
    owner: 'line',
    expr: `${nothingMoved(window)}
and on (target, line) ${recentMoves.record} > 0
unless on (target, line) ${planned}`,
    forMs: 0,
    onlyInShift: true,
    onset: { ms: idleMs, reason: `the line must have stood still for ${span(idleMs)}` },
    when: `no work order of a line has moved for ${span(idleMs)}, but within 4 h, where the MES gives no shift plan`,
    summary: 'Nothing moves any more on line {{ $labels.line }}',
    meaning:
      'The line worked a while ago, and no work order on it has changed its state since: it stands still, or nobody can report.',
    action:
      'Ask at the line. If it is a break, write the shifts in andon.yaml without it; else look at its machines, its material and its terminals.',
  };
};

const oeeDown = (drop: number): AlertRule => ({
  name: 'MesOeeDown',
  tier: 'C',
  code: 'MES-C-301',
  cause: 'hardware',
  owner: 'maintenance',
  expr: `${oee.record} < ${Number((1 - drop).toPrecision(9))} * (${oee.record} offset 7d)`,
  forMs: 0,
  onset: { ms: 7 * 86_400_000, reason: 'the OEE is that of seven days' },
  when: `the OEE of a line over 7 days is over ${percent(drop)} below that of the 7 days before`,
  summary: 'The OEE of line {{ $labels.line }} has dropped',
  detail: 'Over the last seven days it was {{ $value | humanizePercentage }}.',
  meaning: 'The line made fewer good parts of its planned time than the week before.',
  action: 'Compare its losses of the two weeks: standstills, slow cycles, scrap.',
});

export const workOrderRules = ({ thresholds: { mes }, shifts }: RuleSettings): readonly AlertRule[] => [
  overdue('A', mes.work_order_overdue.a, 10_000),
  overdue('B', mes.work_order_overdue.b, 60_000),
  idleByPlan(mes.line_idle),
  ...(shifts.weekly.length > 0 ? [idleByShift(mes.line_idle)] : []),
  oeeDown(mes.oee_drop),
];
