import { always, at, growing, grownOnce, type RuleCase, until } from '../testing/rule-case.ts';

const target = { target: 'mes-db' };
const deadlocks = 'mes_db_deadlocks_total{target="mes-db"}';
const transaction = 'mes_db_oldest_transaction_seconds{target="mes-db",state="idle_in_transaction"}';
const lag = 'mes_db_replication_lag_seconds{target="mes-db"}';
const waiting = 'mes_db_pool_waiting_requests{target="mes"}';

const open = (tier: 'B' | 'C', seconds: number): RuleCase => ({
  alert: 'MesDatabaseTransactionOld',
  tier,
  fires: { [transaction]: until(0, seconds + 1, 10_000) },
  justUnder: { [transaction]: always(seconds) },
  whenMissing: 'silent',
  labels: { ...target, state: 'idle_in_transaction' },
});

const behind = (tier: 'A' | 'B' | 'C', seconds: number, forMs: number): RuleCase => ({
  alert: 'MesDatabaseReplicaBehind',
  tier,
  fires: { [lag]: until(0, seconds + 1, forMs) },
  justUnder: { [lag]: always(seconds) },
  whenMissing: 'silent',
  labels: target,
});

const poolWaiting: Omit<RuleCase, 'justUnder'> = {
  alert: 'MesDatabasePoolWaiting',
  tier: 'B',
  fires: { [waiting]: until(0, 1, 60_000) },
  whenMissing: 'silent',
  labels: { target: 'mes' },
  notEarlier: true,
};

export const transactionCases: readonly RuleCase[] = [
  {
    alert: 'MesDatabaseDeadlocks',
    tier: 'C',
    fires: { [deadlocks]: grownOnce(1) },
    justUnder: { [deadlocks]: growing(0) },
    whenMissing: 'silent',
    labels: target,
  },
  {
    alert: 'MesDatabaseDeadlocks',
    tier: 'B',
    fires: { [deadlocks]: grownOnce(6) },
    justUnder: { [deadlocks]: grownOnce(5) },
    whenMissing: 'silent',
    labels: target,
  },
  open('B', 900),
  open('C', 300),
  behind('A', 300, 10_000),
  behind('B', 30, 30_000),
  behind('C', 5, 30_000),
  { ...poolWaiting, justUnder: { [waiting]: at((step) => (step === 20 ? 0 : 9)) } },
  { ...poolWaiting, justUnder: { [waiting]: until('_', 9, 30_000) } },
];
