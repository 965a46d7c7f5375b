import { promDuration } from '../../kit/duration.ts';
import type { RuleSettings } from '../config.ts';
import { inodeUsage } from '../inode-usage.ts';
import { resourceUsage } from '../resource-usage.ts';
import type { AlertRule } from '../rule.ts';
import type { AlertTier } from '../tiers.ts';
import { percent, span } from '../wording.ts';

type Thresholds = RuleSettings['thresholds']['host'];

const codes = { A: 'HOST-A-101', B: 'HOST-B-201', C: 'HOST-C-301' };
const owned = { A: 60_000, B: 300_000, C: 900_000 };

/** At or above its watermark at every reading of the window; the target is the computer, which other series call instance. */
function expression(tier: AlertTier, limits: Thresholds): string {
  const key = ({ A: 'a', B: 'b', C: 'c' } as const)[tier];
  const window = promDuration(owned[tier]);
  const full = (series: string, limit: number) => `min_over_time(${series}[${window}]) >= ${limit}`;
  const of = (resource: string) => `${resourceUsage.record}{resource="${resource}"}`;
  const any = [
    full(of('cpu'), limits.cpu[key]),
    full(of('memory'), limits.memory[key]),
    full(of('disk'), limits.disk[key]),
    full(inodeUsage.record, limits.inodes[key]),
  ].join('\nor ');
  const known = `(${resourceUsage.record} offset ${window} or ${inodeUsage.record} offset ${window})`;
  return `label_replace((${any})
and on (instance, resource, mountpoint) ${known}, "target", "$1", "instance", "(.*)")`;
}

const nearlyFull = (tier: AlertTier, limits: Thresholds): AlertRule => {
  const key = ({ A: 'a', B: 'b', C: 'c' } as const)[tier];
  const shares = new Set([limits.cpu[key], limits.memory[key], limits.disk[key], limits.inodes[key]]);
  return {
    name: 'MesHostResourceHigh',
    tier,
    code: codes[tier],
    cause: 'hardware',
    owner: 'it',
    expr: expression(tier, limits),
    forMs: 0,
    onset: { ms: owned[tier], reason: `it must have been so full for ${span(owned[tier])}` },
    when: `CPU, memory, a disk or its inodes at ${[...shares].map(percent).join(', ')} or more for ${span(owned[tier])}`,
    summary: 'The {{ $labels.resource }} of {{ $labels.target }} is at {{ $value | humanizePercentage }}',
    detail: '{{ with $labels.mountpoint }}It is the file system at {{ . }}.{{ end }}',
    meaning: {
      A: 'What runs on this computer is about to fail: a full disk stops the database, and missing memory ends a process.',
      B: 'What runs on this computer is slow already, or will soon be.',
      C: 'It goes well now, and not much is left for a busy day.',
    }[tier],
    action: {
      A: 'Free some now: old logs and snapshots, a process that has run wild. Then find out what grew.',
      B: 'Find out what grew, and free or add some this shift.',
      C: 'Plan for more, or for less load, before the next watermark.',
    }[tier],
  };
};

export const hostRules = ({ thresholds: { host } }: RuleSettings): readonly AlertRule[] =>
  (['A', 'B', 'C'] as const).map((tier) => nearlyFull(tier, host));
