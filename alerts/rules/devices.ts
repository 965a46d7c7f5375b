import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import { devicesSilent, missedProbe, silentDevice } from '../device-silence.ts';
import type { AlertRule } from '../rule.ts';

const onset = {
  ms: missedProbe * 1000,
  reason: 'a device is silent when it has missed one probe of 30 s + 5 s',
};

export const deviceRules = ({ thresholds: { devices } }: RuleSettings): readonly AlertRule[] => [
  {
    name: 'MesDevicesSilent',
    tier: 'A',
    code: 'DEV-A-101',
    cause: 'network',
    expr: `${devicesSilent.record} >= ${devices.silent_least}
and ${devicesSilent.record} / count by (target, line) (${metrics.deviceLastHeartbeat.name}) >= ${devices.silent_share}`,
    forMs: 0,
    onset,
    summary: '{{ $value }} devices of line {{ $labels.line }} are silent',
    description:
      'So many at once are no broken devices: look at the network and the gateway of line {{ $labels.line }}. What ' +
      'operators report there is kept by the gateway until the way is back.',
  },
  {
    name: 'MesDevicesSilent',
    tier: 'B',
    code: 'DEV-B-201',
    cause: 'hardware',
    expr: silentDevice,
    forMs: 0,
    onset,
    summary: 'The device {{ $labels.device }} of line {{ $labels.line }} is silent',
    description:
      'It has missed a heartbeat: its last is {{ $value | humanizeDuration }} old. Send somebody to look at its ' +
      'power and its network cable.',
  },
];
