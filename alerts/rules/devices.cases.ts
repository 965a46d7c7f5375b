import {
  always,
  firingSecond,
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
];
