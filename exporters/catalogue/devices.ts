import { counter, gauge } from '../metric.ts';

/** The devices of the lines. */
export const deviceMetrics = {
  deviceLastHeartbeat: gauge(
    'mes_device_last_heartbeat_timestamp_seconds',
    ['target', 'line', 'device'],
    'When the device last answered or reported.',
  ),
  deviceState: gauge(
    'mes_device_state',
    ['target', 'line', 'device', 'state'],
    'Always 1, for the state the device is in now.',
  ),
  deviceDeaths: counter(
    'mes_device_deaths_total',
    ['target', 'line', 'device'],
    'Sparkplug deaths (NDEATH, DDEATH) that were accepted.',
  ),
  deviceSequenceGaps: counter(
    'mes_device_sequence_gaps_total',
    ['target', 'line', 'device'],
    'Breaks in the Sparkplug sequence numbers of an edge node that were not closed in time.',
  ),
  deviceMessagesRefused: counter(
    'mes_device_messages_refused_total',
    ['target', 'source', 'reason'],
    'What devices sent and was not taken: it could not be read, or there are too many devices.',
  ),
};
