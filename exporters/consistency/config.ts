import { z } from 'zod';

/** `exporter.consistency:` in andon.yaml. */
export const consistencySection = z.array(z.strictObject({ name: z.string() })).default([]);
