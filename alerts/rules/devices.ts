import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import { devicesSilent, missedProbe, silentDevice } from '../device-silence.ts';
import type { AlertRule } from '../rule.ts';
import { percent, span } from '../wording.ts';

type Thresholds = RuleSettings['thresholds']['devices'];

const onset = {
  ms: missedProbe * 1000,
  reason: 'a device is silent when it has missed one probe of 30 s + 5 s',
};

const lineSilent = ({ silent_least, silent_share }: Thresholds): AlertRule => ({
  name: 'MesDevicesSilent',
  tier: 'A',
  code: 'DEV-A-101',
  cause: 'network',
  owner: 'it',
  expr: `${devicesSilent.record} >= ${silent_least}
and ${devicesSilent.record} / count by (target, line) (${metrics.deviceLastHeartbeat.name}) >= ${silent_share}`,
  forMs: 0,
  onset,
  onlyInShift: true,
  when: `at least ${silent_least} devices and ${percent(silent_share)} of a line are silent for over ${missedProbe} s`,
  summary: '{{ $value }} devices of line {{ $labels.line }} are silent',
  meaning:
    'So many at once are no broken devices: the network or the gateway of their line is. What operators report there is ' +
    'kept by the gateway until the way is back. The alert keeps quiet while the heartbeats could not have come through: ' +
    'the MES was down, starved of database connections, or its database unreachable.',
  action: 'Look at the network and the gateway of the line.',
});

const deviceSilent: AlertRule = {
  name: 'MesDevicesSilent',
  tier: 'B',
  code: 'DEV-B-201',
  cause: 'hardware',
  owner: 'maintenance',
  expr: silentDevice.record,
  forMs: 0,
  onset,
  onlyInShift: true,
  when: `one device is silent for over ${missedProbe} s`,
  summary: 'The device {{ $labels.device }} of line {{ $labels.line }} is silent',
  detail: 'Its last heartbeat is {{ $value | humanizeDuration }} old.',
  meaning: 'It has missed a heartbeat, while the way to the MES was free.',
  action: 'Send somebody to look at its power and its network cable.',
};

const sequenceGaps: AlertRule = {
  name: 'MesDeviceSequenceGaps',
  tier: 'B',
  code: 'DEV-B-202',
  cause: 'network',
  owner: 'maintenance',
  expr: `increase(${metrics.deviceSequenceGaps.name}[5m]) > 0`,
  forMs: 0,
  when: 'any break in the Sparkplug numbering of an edge node in 5 min',
  summary: 'Messages of {{ $labels.device }} on line {{ $labels.line }} were lost',
  detail: '{{ $value | humanize }} breaks in its numbering within 5 min.',
  meaning:
    'Readings of this edge node are missing; counters that were sent as changes may be wrong until its next birth.',
  action: 'Look at the quality of its network and at the load of the MQTT broker.',
};

/** Where the shifts of the plant are known, they say when a device is missed; else only the shift plan of the MES can. */
const notAvailable = ({ not_available_for }: Thresholds, knowsShifts: boolean): AlertRule => ({
  name: 'MesDeviceNotAvailable',
  tier: 'B',
  code: 'DEV-B-203',
  cause: 'hardware',
  owner: 'maintenance',
  expr: `${metrics.deviceState.name}{state="not_available"} == 1
${knowsShifts ? 'unless' : 'and'} on (target, line) ${metrics.linePlannedBusy.name} == ${knowsShifts ? 0 : 1}`,
  forMs: not_available_for,
  ...(knowsShifts ? { onlyInShift: true } : {}),
  when: `a device says that it is not available while its line is planned busy, ${span(not_available_for)}`,
  summary: 'The device {{ $labels.device }} of line {{ $labels.line }} is not available',
  meaning:
    'It answers, or its gateway does, but says itself that it cannot work; its line should produce now.',
  action: 'Look at the machine: emergency stop, fault, or switched off.',
});

export const deviceRules = ({ thresholds: { devices }, shifts }: RuleSettings): readonly AlertRule[] => [
  lineSilent(devices),
  deviceSilent,
  sequenceGaps,
  notAvailable(devices, shifts.weekly.length > 0),
];
