import { z } from 'zod';
import { duration } from '../../kit/duration.ts';
import { sparkplugSource } from '../sparkplug/config.ts';

/** Devices, or a gateway for them, that POST heartbeats to the exporter. Being there turns it on. */
const pushSection = z.strictObject({
  /** The label `target` of the devices: the MES they belong to. */
  target: z.string().min(1).max(200),
  /** A bearer token of the devices' own. Without one the authentication of the whole exporter holds here too. */
  token: z
    .string()
    .min(16, 'must have at least 16 characters')
    .regex(/^\S*$/, 'must have no spaces: a header carries it')
    .optional(),
  /** The most heartbeats in one request. */
  max_batch: z.int().min(1).max(5000).default(1000),
});
export type PushConfig = z.infer<typeof pushSection>;

/** `exporter.devices:` in andon.yaml: devices that report to the exporter themselves. */
export const pushedDevicesSection = z
  .strictObject({
    push: pushSection.optional(),
    sparkplug: z.array(sparkplugSource).default([]),
    /** The most devices of `push`, and of each broker; further ones are counted, not stored. */
    max_devices: z.int().min(1).default(150_000),
    /** A device that was not heard for so long is forgotten. */
    forget_after: duration.prefault('7d'),
    /** Where the devices are kept over a restart of the exporter: else a dead one would be forgotten with it. */
    state_file: z.string().min(1).default('.andon/devices.sqlite'),
  })
  .prefault({});
export type DevicesConfig = z.infer<typeof pushedDevicesSection>;
