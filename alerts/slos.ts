import { z } from 'zod';

/** `alerts.slos:` in andon.yaml: what share of operations must succeed, and how fast. */
export const slosSection = z.strictObject({}).prefault({});
