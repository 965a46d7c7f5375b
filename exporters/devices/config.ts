import { z } from 'zod';

/** `exporter.devices:` in andon.yaml: devices that report to the exporter themselves. */
export const pushedDevicesSection = z.strictObject({}).prefault({});
