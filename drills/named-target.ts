import { UsageError } from '../kit/errors.ts';
import { closest } from '../kit/spelling.ts';
import type { Target, TargetKind, TargetOf, Targets } from '../kit/targets.ts';

/** The target of that name and kind; throws UsageError when andon.yaml has none. */
export function requireTarget<K extends TargetKind>(targets: Targets, name: string, kind: K): TargetOf<K> {
  const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
  if (!target) {
    const near = closest(name, Object.keys(targets));
    throw new UsageError('target.unknown', `no target is called "${name}"`, {
      mend: near ? `Did you mean "${near}"?` : 'Add it under targets: in andon.yaml',
    });
  }
  return asKind(target, name, kind);
}

/** The target as one of that kind; throws UsageError when it is another. */
export function asKind<K extends TargetKind>(target: Target, name: string, kind: K): TargetOf<K> {
  if (target.kind === kind) return target as TargetOf<K>;
  throw new UsageError('target.kind', `target "${name}" is a ${target.kind}, not a ${kind}`, {
    mend: `Name a target with kind: ${kind}`,
  });
}
