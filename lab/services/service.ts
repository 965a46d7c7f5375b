import type { ChildOwner } from '../../kit/children.ts';
import type { SelfCommand } from '../../kit/module-path.ts';
import type { LabPorts } from '../addresses.ts';
import type { LabPrograms } from '../programs.ts';
import type { LabSecrets } from '../secrets.ts';

/** What every process of a lab is started with. */
export interface ServiceContext {
  /** The lab's folder. */
  dir: string;
  ports: LabPorts;
  secrets: LabSecrets;
  programs: LabPrograms;
  self: SelfCommand;
  /** The environment of whoever starts the lab. */
  env: Readonly<Record<string, string | undefined>>;
  owner: ChildOwner;
  signal: AbortSignal;
}

/** A bare environment: whatever else stands in the user's own must not change how a lab behaves. */
export function baseEnvironment({ dir, env }: Pick<ServiceContext, 'dir' | 'env'>): Record<string, string> {
  return { PATH: env.PATH ?? '', HOME: dir, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}
