import { UsageError } from '../../kit/errors.ts';
import type { Target, TargetKind } from '../../kit/targets.ts';
import { containerDriver } from './container-driver.ts';
import type { NetworkDriver } from './driver.ts';
import { linkDriver } from './link-driver.ts';
import { nftablesDriver } from './nftables-driver.ts';
import { toxiproxyDriver } from './toxiproxy-driver.ts';

/** Everybody who can disturb traffic, one for a kind of target. A new one is one file in this folder and one line here. */
const drivers: readonly NetworkDriver[] = [containerDriver, linkDriver, nftablesDriver, toxiproxyDriver];

/** The kinds of targets that network faults take. */
export const networkTargets: readonly TargetKind[] = drivers.map(({ kind }) => kind);

/** Who disturbs the traffic of this target; throws UsageError where nobody does. */
export function driverOf(name: string, target: Target): NetworkDriver {
  const driver = drivers.find(({ kind }) => kind === target.kind);
  if (driver) return driver;
  throw new UsageError(
    'target.kind',
    `target "${name}" is a ${target.kind}: its traffic cannot be disturbed`,
    {
      mend: `Name a target with kind: ${networkTargets.join(', ')}`,
    },
  );
}
