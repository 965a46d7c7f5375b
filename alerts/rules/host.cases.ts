import { type RuleCase, type Series, type Timeline, type Values, valuesOn } from '../testing/rule-case.ts';

const instance = 'instance="plant1:9100"';
const given = ['instance:resource_usage:ratio', 'instance:inode_usage:ratio'];
const usage = (resource: string, mountpoint?: string) =>
  resource === 'inodes'
    ? `instance:inode_usage:ratio{${instance},resource="inodes",mountpoint="${mountpoint}"}`
    : `instance:resource_usage:ratio{${instance},resource="${resource}"${mountpoint === undefined ? '' : `,mountpoint="${mountpoint}"`}}`;

/** A resource that has been at its watermark for just the window, and one that has not for a moment or is watched too briefly. */
function cases(
  tier: 'A' | 'B' | 'C',
  watermark: number,
  windowSeconds: number,
  [resource, mountpoint]: readonly [string, string?],
): RuleCase[] {
  const stepSeconds = windowSeconds / 10;
  const timeline: Timeline = { stepSeconds, firingStep: 24 };
  const on = valuesOn(timeline);
  const series = (values: Values): Series => ({
    [usage(resource, mountpoint)]: values,
    [usage('memory')]: resource === 'memory' ? values : on.always(0.1),
  });
  const testCase = (justUnder: Values): RuleCase => ({
    alert: 'MesHostResourceHigh',
    tier,
    fires: series(on.until(watermark - 0.01, watermark, windowSeconds * 1000)),
    justUnder: series(justUnder),
    whenMissing: 'silent',
    labels: {
      target: 'plant1:9100',
      instance: 'plant1:9100',
      resource,
      ...(mountpoint === undefined ? {} : { mountpoint }),
    },
    timeline,
    notEarlier: true,
    given,
  });
  return [
    testCase(on.at((step) => (step === 20 ? watermark - 0.001 : 1))),
    testCase(on.until('_', 1, windowSeconds * 500)),
  ];
}

export const hostCases: readonly RuleCase[] = [
  ...cases('A', 0.95, 60, ['cpu']),
  ...cases('B', 0.85, 300, ['memory']),
  ...cases('C', 0.7, 900, ['disk', '/']),
  ...cases('A', 0.95, 60, ['inodes', '/']),
];
