import { always, type RuleCase, type Series, until, valuesOn } from '../testing/rule-case.ts';
import { risingCases } from './sync.cases.ts';

const members = 'mes_queue_group_members{target="mes-kafka",group="erp"}';
const lag = (topic: string) =>
  `mes_queue_group_lag_messages{target="mes-kafka",group="erp",topic="${topic}"}`;
const labels = { target: 'mes-kafka', group: 'erp' };

const empty: Omit<RuleCase, 'justUnder'> = {
  alert: 'MesQueueGroupEmpty',
  tier: 'A',
  fires: { [members]: until(2, 0, 10_000), [lag('a')]: always(0), [lag('b')]: always(1) },
  whenMissing: 'silent',
  labels,
};

const hours = { stepSeconds: 900, firingStep: 100 };
const on = valuesOn(hours);
/** Its last member was seen so many steps before the firing one. */
const emptyFor = (steps: number): Series => ({
  [members]: on.at((step) => (step <= hours.firingStep - steps ? 1 : 0)),
  [lag('a')]: on.always(5),
});

export const kafkaCases: readonly RuleCase[] = [
  { ...empty, justUnder: { [members]: always(1), [lag('a')]: always(500) } },
  { ...empty, justUnder: { [members]: until(2, 0, 10_000), [lag('a')]: always(0) } },
  { ...empty, justUnder: { [members]: always(0), [lag('a')]: always(500) } },
  // It stays on for a day, and no longer.
  { ...empty, timeline: hours, notEarlier: false, fires: emptyFor(94), justUnder: emptyFor(98) },
  ...risingCases(
    { alert: 'MesQueueGroupLagRising', tier: 'B', labels: { ...labels, topic: 'a' } },
    lag('a'),
    100,
  ),
];
