import { z } from 'zod';
import type { Fault, NamedTarget, Plan } from '../fault.ts';
import { leaseMs } from '../lease.ts';
import { asKind } from '../named-target.ts';
import { networkTargets } from '../network/drivers.ts';
import { networkFault } from '../network/network-fault.ts';
import { runName } from '../run-name.ts';
import { demandAudible } from './device-silence/gateway-client.ts';
import { silenceDevice } from './device-silence/silenced-device.ts';

const kind = 'device.silence';
const summary = 'a device, or many of a line, falls silent: no sign of life comes any more';
const params = z.strictObject({});

/** A device that is reached over a network of its own falls silent like one whose cable is pulled. */
const pulledCable = networkFault({
  kind,
  summary,
  params,
  disturbance: () => ({ kind: 'cut', mode: 'drop', direction: 'both' }),
});

const isDevice = ({ target }: NamedTarget): boolean => target.kind === 'device';

/** Makes devices silent, at the gateway that speaks for them or by cutting their way. */
export const deviceSilence: Fault<z.output<typeof params>> = {
  kind,
  summary,
  params,
  targets: ['device', ...networkTargets],
  plan(wish, named, run, durationMs): Plan {
    if (!isDevice(named)) return pulledCable.plan(wish, named, run, durationMs);
    const { name, target } = named;
    const { control, device } = asKind(target, name, 'device');
    return {
      kind,
      target: name,
      run,
      effects: [
        `asks the gateway at ${control} to keep back the heartbeats of ${device}: its operators and their reports are not concerned`,
        `the gateway lets them be heard again ${leaseMs / 1000} s after the last sign of life of the drill`,
      ],
      undo: { kind: 'device.unsilence', target: name, holder: runName(run) },
      durationMs,
    };
  },
  async demand(wish, named, host) {
    if (!isDevice(named)) await pulledCable.demand?.(wish, named, host);
    else await demandAudible(named.name, asKind(named.target, named.name, 'device'), host.fetch);
  },
  async inject(plan, wish, named, host, signal) {
    if (!isDevice(named)) return await pulledCable.inject(plan, wish, named, host, signal);
    const target = asKind(named.target, named.name, 'device');
    return await silenceDevice(plan, { name: named.name, target }, host, signal);
  },
};
