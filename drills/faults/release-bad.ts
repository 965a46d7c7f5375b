import { z } from 'zod';
import type { Fault, Plan } from '../fault.ts';
import { leaseMs } from '../lease.ts';
import { asKind } from '../named-target.ts';
import { runName } from '../run-name.ts';
import { demandNoCandidate } from './release-bad/demand-no-candidate.ts';
import { releaseVersion } from './release-bad/released-version.ts';

const params = z.strictObject({
  version: z
    .string()
    .regex(/^\w[\w.+-]{0,59}$/, 'must be letters, digits, dots, + and -')
    .default('bad'),
  /** Which share of the callers gets it: 1 for everybody, 0.1 for a canary. */
  share: z.number().gt(0).max(1).default(1),
  /** Which share of the operations it fails. */
  fails: z.number().gt(0).max(1).default(0.3),
});

const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;

/** Releases a version of the MES that fails a share of what it is asked. */
export const releaseBad: Fault<z.output<typeof params>> = {
  kind: 'release.bad',
  summary: 'releases a version that fails a share of the operations, to some callers or all',
  affects: 'request',
  params,
  targets: ['release'],
  plan({ version, share, fails }, { name, target }, run, durationMs): Plan {
    const { control } = asKind(target, name, 'release');
    return {
      kind: 'release.bad',
      target: name,
      run,
      effects: [
        `asks the router at ${control} to start version ${version} beside the stable one and to give it to ${percent(share)} of the callers`,
        `that version answers ${percent(fails)} of the operations with 500 and stores nothing of them`,
        `the router sends everybody back to the stable version and ends that process ${leaseMs / 1000} s after the last sign of life of the drill`,
      ],
      undo: { kind: 'release.withdraw', target: name, holder: runName(run) },
      durationMs,
    };
  },
  demand: (_params, { name, target }, { fetch }) =>
    demandNoCandidate(name, asKind(target, name, 'release'), fetch),
  inject(plan, wish, { name, target }, host, signal) {
    return releaseVersion(plan, wish, { name, target: asKind(target, name, 'release') }, host, signal);
  },
};
