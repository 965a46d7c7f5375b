import type { Service } from '../../kit/process/service.ts';
import { serviceBehind } from '../../kit/process/service-of.ts';
import type { Targets } from '../../kit/targets.ts';
import { requireTarget } from '../named-target.ts';

/** The service behind the `process` or `container` target of that name; throws UsageError when there is none. */
export function serviceOf(targets: Targets, name: string): Service {
  const target = targets[name] ?? requireTarget(targets, name, 'process');
  return serviceBehind({ name, target });
}
