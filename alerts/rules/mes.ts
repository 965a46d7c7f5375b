import { metrics } from '../../exporters/catalogue.ts';
import type { RuleSettings } from '../config.ts';
import { operationWaitP95 } from '../ratios.ts';
import { operationSuccessRatio, operationsRate } from '../recording-rules.ts';
import type { AlertRule } from '../rule.ts';
import { percent, span } from '../wording.ts';

type Thresholds = RuleSettings['thresholds']['mes'];

/** Fewer operations than this in 30 s say nothing about a share. */
const leastOperations = 5;

const down: AlertRule = {
  name: 'MesDown',
  tier: 'A',
  code: 'MES-A-101',
  cause: 'release',
  owner: 'it',
  expr: `${metrics.up.name} == 0`,
  forMs: 10_000,
  canHang: true,
  when: 'the MES does not answer, 10 s',
  summary: 'The MES {{ $labels.target }} does not answer',
  meaning:
    'Its health check fails, so terminals and lines get no answer either; gateways keep what is reported.',
  action: 'Look whether its process runs, then at its newest log lines and its latest release.',
};

const operationsFailing = ({ operations_failing }: Thresholds): AlertRule => ({
  name: 'MesOperationsFailing',
  tier: 'A',
  code: 'MES-A-102',
  cause: 'load',
  owner: 'it',
  expr: `1 - ${operationSuccessRatio.record} > ${operations_failing}
and on (target) ${operationsRate.record} * 30 >= ${leastOperations}`,
  // The window of 30 s is what smooths it; waiting on top would only be slower.
  forMs: 0,
  onset: {
    ms: 15_000,
    reason:
      'at steady traffic half of the 30 s window must have failed; failures count when they are answered',
  },
  when: `over ${percent(operations_failing)} of at least ${leastOperations} operations in 30 s fail`,
  summary: '{{ $value | humanizePercentage }} of the operations on {{ $labels.target }} fail',
  meaning: 'Operators cannot report or start work.',
  action:
    'Look at MesDatabaseBlocked, MesDatabaseUnreachable and the connection pool of the MES first: they are the usual reasons.',
});

const operationsSlow = ({ wait_p95, wait_least }: Thresholds): AlertRule => ({
  name: 'MesOperationsSlow',
  tier: 'B',
  code: 'MES-B-201',
  cause: 'load',
  owner: 'it',
  expr: `${operationWaitP95.record} > ${wait_p95 / 1000}
and on (target, operation) sum by (target, operation) (increase(${metrics.operationWait.name}_count[5m])) >= ${wait_least}`,
  forMs: 0,
  onset: { ms: 300_000, reason: 'one in twenty of the operations of 5 min must have waited that long' },
  when: `one in twenty of at least ${wait_least} operations of a kind in 5 min waits over ${span(wait_p95)}`,
  summary: 'The operation {{ $labels.operation }} of {{ $labels.target }} is slow',
  detail: 'One in twenty waits for more than {{ $value | humanizeDuration }}.',
  meaning: 'People at the terminals wait, and begin to report twice or not at all.',
  action:
    'Look at lock waits and the connection pool, then at the processors and the disk of the database, then at the latest release.',
});

export const mesRules = ({ thresholds: { mes } }: RuleSettings): readonly AlertRule[] => [
  down,
  operationsFailing(mes),
  operationsSlow(mes),
];
