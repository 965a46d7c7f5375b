import { always, at, type RuleCase, type Series, until } from '../testing/rule-case.ts';

const target = { target: 'mes-db' };
const series = (metric: string) => `${metric}{target="mes-db"}`;
const blocked = series('mes_db_blocked_sessions');
const wait = series('mes_db_oldest_lock_wait_seconds');

const lockWait = (tier: 'A' | 'B' | 'C', seconds: number): RuleCase => ({
  alert: 'MesDatabaseLockWait',
  tier,
  fires: { [wait]: until(0, seconds + 0.1, 10_000) },
  justUnder: { [wait]: always(seconds) },
  whenMissing: 'silent',
  labels: target,
});

const connections = (tier: 'A' | 'B' | 'C', percent: number, forMs: number): RuleCase => {
  const use = (open: ReturnType<typeof always>): Series => ({
    [series('mes_db_connections')]: open,
    [series('mes_db_connections_max')]: always(100),
  });
  return {
    alert: 'MesDatabaseConnectionsHigh',
    tier,
    fires: use(until(5, percent + 1, forMs)),
    justUnder: use(always(percent)),
    whenMissing: 'silent',
    labels: target,
  };
};

const crowded: Omit<RuleCase, 'justUnder'> = {
  alert: 'MesDatabaseCrowded',
  tier: 'A',
  fires: { [blocked]: until(0, 10, 60_000) },
  whenMissing: 'silent',
  labels: target,
  notEarlier: true,
};

export const databaseCases: readonly RuleCase[] = [
  {
    alert: 'MesDatabaseUnreachable',
    tier: 'A',
    fires: { [series('mes_db_up')]: until(1, 0, 10_000) },
    justUnder: { [series('mes_db_up')]: always(1) },
    whenMissing: 'silent',
    labels: target,
  },
  {
    alert: 'MesDatabaseBlocked',
    tier: 'A',
    fires: { [blocked]: until(0, 3, 10_000), [wait]: always(1.1) },
    justUnder: { [blocked]: always(2), [wait]: always(60) },
    whenMissing: 'silent',
    labels: target,
  },
  {
    // A busy table, where many wait but nobody waits long.
    alert: 'MesDatabaseBlocked',
    tier: 'A',
    fires: { [blocked]: always(50), [wait]: until(1, 1.1, 10_000) },
    justUnder: { [blocked]: always(50), [wait]: always(1) },
    whenMissing: 'silent',
    labels: target,
  },
  // Nine of them, a moment in which the queue was short, and a database that has been watched for half a minute.
  { ...crowded, justUnder: { [blocked]: always(9) } },
  { ...crowded, justUnder: { [blocked]: at((step) => (step === 20 ? 9 : 50)) } },
  { ...crowded, justUnder: { [blocked]: until('_', 50, 30_000) } },
  lockWait('A', 30),
  lockWait('B', 10),
  lockWait('C', 3),
  connections('A', 95, 10_000),
  connections('B', 85, 60_000),
  connections('C', 70, 60_000),
];
