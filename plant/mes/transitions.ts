import type { Role } from '../settings.ts';

/** The states of a work order; their meaning and ISA-95 names stand in the plant's reference. */
export const states = [
  'created',
  'dispatched',
  'running',
  'paused',
  'completed',
  'returned',
  'closed',
  'aborted',
] as const;
export type State = (typeof states)[number];

export const commands = [
  'dispatch',
  'revoke',
  'start',
  'pause',
  'resume',
  'return',
  'complete',
  'qc_pass',
  'qc_fail',
  'abort',
] as const;
export type Command = (typeof commands)[number];

/** What must hold beside state and role; `guards.ts` knows how each is checked. */
export type GuardName =
  | 'predecessor-done'
  | 'material-present'
  | 'unit-idle'
  | 'unit-fresh'
  | 'unit-in-dispatch'
  | 'unit-free'
  | 'reason-given'
  | 'quantities-agree';

/** One row of the table: who may bring an order from which states to which, on which conditions. */
export interface Transition {
  command: Command;
  from: readonly State[];
  to: State;
  roles: readonly Role[];
  guards: readonly GuardName[];
  /** What it does to the order's work unit. */
  unit: 'takes' | 'keeps' | 'frees';
  /** How much it adds to the order's rework count. */
  rework: 0 | 1;
}

const nonTerminal = ['created', 'dispatched', 'running', 'paused', 'completed', 'returned'] as const;
const onDispatch = [
  'predecessor-done',
  'material-present',
  'unit-idle',
  'unit-fresh',
  'unit-in-dispatch',
] as const;
const interrupters: readonly Role[] = ['operator', 'leader', 'maintainer'];

/** The work-order state machine. SQL, guards, documents and tests all read this table, and nothing else decides. */
export const transitions: readonly Transition[] = [
  row(
    'dispatch',
    ['created', 'returned'],
    'dispatched',
    ['director', 'leader', 'system'],
    'takes',
    onDispatch,
  ),
  row('revoke', ['dispatched'], 'created', ['director', 'leader'], 'frees'),
  row('start', ['dispatched'], 'running', ['operator', 'leader'], 'keeps', ['unit-free']),
  row('pause', ['running'], 'paused', interrupters, 'keeps', ['reason-given']),
  row('resume', ['paused'], 'running', interrupters, 'keeps', ['reason-given']),
  row('return', ['dispatched', 'running', 'paused'], 'returned', ['operator', 'leader'], 'frees'),
  row('complete', ['running'], 'completed', ['operator', 'leader'], 'frees', ['quantities-agree']),
  row('qc_pass', ['completed'], 'closed', ['leader'], 'keeps'),
  { ...row('qc_fail', ['completed'], 'returned', ['leader'], 'frees'), rework: 1 },
  row('abort', nonTerminal, 'aborted', ['director', 'leader'], 'frees'),
];

function row(
  command: Command,
  from: readonly State[],
  to: State,
  roles: readonly Role[],
  unit: Transition['unit'],
  guards: readonly GuardName[] = [],
): Transition {
  return { command, from, to, roles, guards, unit, rework: 0 };
}

/** The row for a command on an order in a state, or undefined when the table has none: then it is refused. */
export function transitionFor(command: Command, from: State): Transition | undefined {
  return transitions.find((transition) => transition.command === command && transition.from.includes(from));
}

/** All that may be done by a command, whatever the state. */
export function rowsOf(command: Command): Transition[] {
  return transitions.filter((transition) => transition.command === command);
}

/** The states in which an order sits on a work unit: no unit ever has two orders in these. */
export const onUnitStates: readonly State[] = ['dispatched', 'running', 'paused'];

/** The states in which a report of the present is taken. What a gateway replays has happened, and is taken in any. */
export const reportableStates: readonly State[] = ['running', 'paused', 'completed'];
