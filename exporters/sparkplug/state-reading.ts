import { deviceStateOf } from '../devices/device-state.ts';
import type { SparkplugSource } from './config.ts';
import type { SparkplugDevice } from './edge-node.ts';
import type { SparkplugMetric, SparkplugPayload } from './payload.ts';

type StateConfig = SparkplugSource['state'];

/** A birth names its metrics: takes the state, and the number that stands for it from now on. */
export function readBirthState(
  config: StateConfig,
  device: SparkplugDevice,
  payload: SparkplugPayload,
): void {
  const metric = config && payload.metrics.find(({ name }) => name === config.metric);
  device.stateAlias = metric?.alias;
  device.state = stateOf(config, metric);
}

/** Takes the state from a data message, if it is in there; returns whether it is another one now. */
export function readDataState(
  config: StateConfig,
  device: SparkplugDevice,
  payload: SparkplugPayload,
): boolean {
  if (config === undefined) return false;
  const metric = payload.metrics.findLast(
    ({ name, alias, isHistorical }) =>
      !isHistorical && (name === config.metric || (alias !== undefined && alias === device.stateAlias)),
  );
  if (metric === undefined) return false;
  const before = device.state;
  device.state = stateOf(config, metric);
  return device.state !== before;
}

/** A value that means no state is no state: better none than a wrong one. */
const stateOf = (config: StateConfig, metric: SparkplugMetric | undefined) =>
  metric?.value === undefined ? undefined : (config?.values[metric.value] ?? deviceStateOf(metric.value));
