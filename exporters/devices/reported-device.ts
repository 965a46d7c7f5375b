import { metrics } from '../catalogue.ts';
import { type Sample, Series } from '../sample.ts';
import type { DeviceState } from './device-state.ts';

/** What is kept of a device over a restart of the exporter. */
export interface SavedDevice {
  key: string;
  heardMs: number;
  state: DeviceState | undefined;
  /** False for who said goodbye, or whose death was reported. */
  isAlive: boolean;
  /** Whether it counted as heard all the time, by a session that somebody watches. */
  isVouched: boolean;
  /** Of a Sparkplug edge node: the number of its last birth. */
  bdSeq: number | undefined;
}

export interface DeviceLabels {
  readonly target: string;
  readonly line: string;
  readonly device: string;
}

/** A device that reports by itself. It keeps its series, so that a scrape makes nothing but samples. */
export class ReportedDevice {
  readonly key: string;
  readonly labels: DeviceLabels;
  /** When it was last heard, Unix milliseconds. */
  heardMs: number;
  /** What it last said of itself. */
  state: DeviceState | undefined;
  /** `heardMs` as it stands in the file. */
  savedMs = 0;
  #heartbeat: Series | undefined;
  #state: { readonly state: DeviceState; readonly series: Series } | undefined;

  constructor(key: string, labels: DeviceLabels, heardMs: number) {
    this.key = key;
    this.labels = labels;
    this.heardMs = heardMs;
  }

  heartbeatSample(): Sample {
    this.#heartbeat ??= new Series(metrics.deviceLastHeartbeat, this.labels);
    return { series: this.#heartbeat, value: this.heardMs / 1000 };
  }

  /** No sample where the state is not known. */
  stateSample(state = this.state): Sample | undefined {
    if (state === undefined) return undefined;
    if (this.#state?.state !== state) {
      const series = new Series(metrics.deviceState, { ...this.labels, state });
      this.#state = { state, series };
    }
    return { series: this.#state.series, value: 1 };
  }

  toSaved(): SavedDevice {
    const { key, heardMs, state } = this;
    return { key, heardMs, state, isAlive: true, isVouched: false, bdSeq: undefined };
  }
}
