import { UsageError } from '../../kit/errors.ts';
import type { Targets } from '../../kit/targets.ts';
import type { NamedTarget } from '../fault.ts';
import { requireTarget } from '../named-target.ts';
import { ContainerService } from './container-service.ts';
import { LocalProcess } from './local-process.ts';
import type { Service } from './service.ts';

/** The service behind a `process` or `container` target; throws UsageError when the target is none. */
export function serviceOf(targets: Targets, name: string): Service {
  const target = targets[name] ?? requireTarget(targets, name, 'process');
  return serviceBehind({ name, target });
}

/** The same for a target that is at hand. */
export function serviceBehind({ name, target }: NamedTarget): Service {
  if (target.kind === 'process') return new LocalProcess(name, target);
  if (target.kind === 'container') return new ContainerService(name, target);
  throw new UsageError('target.kind', `target "${name}" is a ${target.kind}, and no service runs behind it`, {
    mend: 'Name a target with kind: process or kind: container',
  });
}
