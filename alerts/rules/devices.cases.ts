import {
  always,
  firingSecond,
  growing,
  grownOnce,
  type RuleCase,
  type Series,
  until,
  type Values,
} from '../testing/rule-case.ts';

const silentSince = firingSecond - 36;
const heardInTime = firingSecond - 35;

const heartbeat = (device: string, line = 'L1') =>
  `mes_device_last_heartbeat_timestamp_seconds{target="mes",line="${line}",device="${device}"}`;

/** A MES that answers and has connections to spare, and devices that were last heard at these times. */
const devices = (heard: readonly number[], mes: { up?: Values; waiting?: Values } = {}): Series => ({
  'mes_up{target="mes"}': mes.up ?? always(1),
  'mes_db_pool_waiting_requests{target="mes"}': mes.waiting ?? always(0),
  ...Object.fromEntries(heard.map((at, index) => [heartbeat(`L1-U${index + 1}-PLC`), always(at)])),
});

const lineLabels = { target: 'mes', line: 'L1' };
const one: Omit<RuleCase, 'justUnder'> = {
  alert: 'MesDevicesSilent',
  tier: 'B',
  fires: devices([silentSince]),
  whenMissing: 'silent',
  labels: { ...lineLabels, device: 'L1-U1-PLC' },
};
const many: Omit<RuleCase, 'justUnder'> = {
  alert: 'MesDevicesSilent',
  tier: 'A',
  fires: devices([silentSince, silentSince, silentSince, ...Array(12).fill(firingSecond)]),
  whenMissing: 'silent',
  labels: lineLabels,
};

const gaps = 'mes_device_sequence_gaps_total{target="mes",line="L1",device="L1-GW"}';
const state = (name: string) => `mes_device_state{target="mes",line="L1",device="L1-U1-PLC",state="${name}"}`;
const planned = 'mes_line_planned_busy{target="mes",line="L1"}';
const notAvailable: Omit<RuleCase, 'justUnder'> = {
  alert: 'MesDeviceNotAvailable',
  tier: 'B',
  fires: { [state('not_available')]: until('_', 1, 60_000), [planned]: always(1) },
  whenMissing: 'silent',
  labels: { ...lineLabels, device: 'L1-U1-PLC', state: 'not_available' },
};

export const deviceCases: readonly RuleCase[] = [
  { ...one, justUnder: devices([heardInTime]) },
  // Nobody could have heard it: the MES was down a moment ago, starved of connections, or we could not read it.
  { ...one, justUnder: devices([silentSince], { up: until(0, 1, 20_000) }) },
  { ...one, justUnder: devices([silentSince], { waiting: until(4, 0, 10_000) }) },
  { ...one, justUnder: { ...devices([]), [heartbeat('L1-U1-PLC')]: until('stale', silentSince, 20_000) } },
  // Two of two are no line; three of sixteen are under a fifth; three on two lines are no line either.
  { ...many, justUnder: devices([silentSince, silentSince]) },
  { ...many, justUnder: devices([silentSince, silentSince, silentSince, ...Array(13).fill(firingSecond)]) },
  {
    ...many,
    justUnder: {
      ...devices([silentSince, silentSince]),
      [heartbeat('L2-U1-PLC', 'L2')]: always(silentSince),
    },
  },
  {
    alert: 'MesDeviceSequenceGaps',
    tier: 'B',
    fires: { [gaps]: grownOnce(1) },
    justUnder: { [gaps]: growing(0) },
    whenMissing: 'silent',
    labels: { ...lineLabels, device: 'L1-GW' },
  },
  { ...notAvailable, justUnder: { [state('not_executing')]: always(1), [planned]: always(1) } },
  { ...notAvailable, justUnder: { [state('not_available')]: always(1), [planned]: always(0) } },
  // Nobody knows whether the line should work; where the shifts are known, it should unless a plan says no.
  { ...notAvailable, justUnder: { [state('not_available')]: always(1) } },
  {
    ...notAvailable,
    inShift: true,
    fires: { [state('not_available')]: until('_', 1, 60_000) },
    justUnder: { [state('not_available')]: always(1), [planned]: always(0) },
  },
];
