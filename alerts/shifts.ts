import { z } from 'zod';

/** `alerts.shifts:` in andon.yaml: when the plant works. Without it, always. */
export const shiftsSection = z.strictObject({}).prefault({});
