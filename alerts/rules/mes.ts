import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import { operationSuccessRatio, operationsRate } from '../recording-rules.ts';
import type { AlertRule } from '../rule.ts';

/** Fewer operations than this in 30 s say nothing about a share. */
const leastOperations = 5;

export const mesRules = ({ thresholds: { mes } }: RuleSettings): readonly AlertRule[] => [
  {
    name: 'MesDown',
    tier: 'A',
    code: 'MES-A-101',
    cause: 'release',
    expr: `${metrics.up.name} == 0`,
    forMs: 10_000,
    canHang: true,
    summary: 'The MES {{ $labels.target }} does not answer',
    description:
      'Its health check fails, so terminals and lines get no answer either; gateways keep what is reported. ' +
      'Look whether its process runs, then at its newest log lines and its latest release.',
  },
  {
    name: 'MesOperationsFailing',
    tier: 'A',
    code: 'MES-A-102',
    cause: 'load',
    expr: `1 - ${operationSuccessRatio.record} > ${mes.operations_failing}
and on (target) ${operationsRate.record} * 30 >= ${leastOperations}`,
    // The window of 30 s is what smooths it; waiting on top would only be slower.
    forMs: 0,
    onset: {
      ms: 15_000,
      reason:
        'at steady traffic half of the 30 s window must have failed; failures count when they are answered',
    },
    summary: '{{ $value | humanizePercentage }} of the operations on {{ $labels.target }} fail',
    description:
      'Operators cannot report or start work. Look at MesDatabaseBlocked, MesDatabaseUnreachable and the connection ' +
      'pool of the MES first: they are the usual reasons.',
  },
];
