import { metrics } from '../exporters/catalogue.ts';
import type { RecordingRule } from './rule.ts';

/** A probe each 30 s that may take 5 s: after so many seconds a device has missed one. */
export const missedProbe = 35;

const heartbeat = metrics.deviceLastHeartbeat.name;

/**
 * Devices that are silent themselves, with the age of their last heartbeat. A heartbeat is old for other reasons too,
 * so it counts only where the whole way could have carried a newer one: we could already read the device one probe
 * ago, the MES has answered since, and was not starved of database connections, when heartbeats queue with the rest.
 */
export const silentDevice: RecordingRule = {
  record: 'mes:device_silence:seconds',
  expr: `time() - ${heartbeat} > ${missedProbe}
and on (target, line, device) ${heartbeat} offset ${missedProbe}s
and on (target) min_over_time(${metrics.up.name}[${missedProbe}s]) == 1
unless on (target) max_over_time(min_over_time(${metrics.dbPoolWaiting.name}[15s])[45s:5s]) > 0`,
};

/** How many devices of a line are silent; no value where none is. */
export const devicesSilent: RecordingRule = {
  record: 'mes:devices_silent:count',
  expr: `count by (target, line) (${silentDevice.record})`,
};
