import { UsageError } from '../errors.ts';
import type { Target } from '../targets.ts';
import { ContainerService } from './container-service.ts';
import { LocalProcess } from './local-process.ts';
import type { Service } from './service.ts';

/** The service behind a `process` or `container` target; throws UsageError when the target is none. */
export function serviceBehind({ name, target }: { name: string; target: Target }): Service {
  if (target.kind === 'process') return new LocalProcess(name, target);
  if (target.kind === 'container') return new ContainerService(name, target);
  throw new UsageError('target.kind', `target "${name}" is a ${target.kind}, and no service runs behind it`, {
    mend: 'Name a target with kind: process or kind: container',
  });
}
