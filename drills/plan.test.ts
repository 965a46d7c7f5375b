import { expect, test } from 'vitest';
import { targetsSchema } from '../kit/targets.ts';
import { faults } from './faults/registry.ts';
import { describePlan, planOfDrill } from './plan.ts';
import { drillSchema } from './schema.ts';

const targets = targetsSchema.parse({
  'mes-db': { kind: 'postgres', url: 'postgres://mes:hidden@10.0.0.5/mes', drillable: true },
});
const drill = drillSchema({ faults, alerts: new Map([['MesDatabaseBlocked', ['A']]]) }).parse({
  id: 'lock',
  title: 'A lock',
  cause: 'database',
  hypothesis: [{ name: 'up', promql: 'up', expect: '>= 1' }],
  method: [
    { fault: 'db.lock', target: 'mes-db', with: { relation: 'work_orders' }, after: '5s', for: '26s' },
  ],
  expect: {
    alerts: [{ alert: 'MesDatabaseBlocked', tier: 'A' }],
    runbook: { name: 'release-db-lock', within: '30s' },
  },
});

test('A plan says every side effect and its undo, to people and to programs, and no password.', () => {
  const text = describePlan('lock', drill, targets);
  const [step] = planOfDrill('lock', drill, targets).method;
  expect(step).toMatchObject({ fault: 'db.lock', target: 'mes-db', afterMs: 5000, forMs: 26_000 });
  expect(step?.effects.length).toBeGreaterThan(0);
  for (const effect of step?.effects ?? []) expect(text).toContain(effect);
  expect(text).toContain(JSON.stringify(step?.undo));
  expect(text).toContain('runbook release-db-lock must succeed within 30s of the alert');
  expect(`${text}${JSON.stringify(step)}`).not.toContain('hidden');
});
