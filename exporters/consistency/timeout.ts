import type { ComparisonConfig } from './config.ts';

/** The longest time of one comparison in milliseconds. */
export const timeoutOf = ({ timeout, interval }: ComparisonConfig): number => timeout ?? interval;
