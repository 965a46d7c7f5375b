import { z } from 'zod';
import { type SizeOrShare, sizeText } from '../../../kit/size.ts';

/** What the faults that fill something have in common. */
export const room = {
  /** The watermark, as a share in use. */
  to: z.number().min(0.01).max(0.99),
};

/** A floor in the words of a plan. */
export const floorText = (floor: SizeOrShare): string =>
  'bytes' in floor ? sizeText(floor.bytes) : `${Number((floor.share * 100).toFixed(1))} %`;
