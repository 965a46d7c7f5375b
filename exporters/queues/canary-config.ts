import { z } from 'zod';

/** `exporter.canary:` in andon.yaml: messages sent through a queue to see whether they arrive. */
export const canarySection = z.strictObject({}).prefault({});
