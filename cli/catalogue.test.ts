import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AndonConfig, loadConfig } from '../config/andon-config.ts';
import { catalogue, planOf } from '../drills/catalog.ts';
import { longestMs } from '../drills/schema.ts';
import type { UsageError } from '../kit/errors.ts';
import { choosePorts } from '../lab/addresses.ts';
import { andonYaml } from '../lab/andon-yaml.ts';
import { makeSecrets } from '../lab/secrets.ts';
import { loadCatalog } from '../runbooks/catalog.ts';
import { actsByItself } from '../runbooks/schema/mode.ts';
import { vocabularyOf } from './drill-settings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'andon-catalogue-'));
let config: AndonConfig;
beforeAll(async () => {
  const file = path.join(folder, 'andon.yaml');
  const computer = { self: { command: 'andon', args: [] }, disk: path.join(folder, 'volume') };
  writeFileSync(file, andonYaml(folder, await choosePorts(), makeSecrets(folder), computer));
  config = loadConfig(file, {});
});
afterAll(() => rmSync(folder, { recursive: true }));

const held = (id: string) => planOf(id, vocabularyOf(config)).drills;

describe('The catalogue of drills', () => {
  it.each(catalogue().drills)('has %s, which names targets, faults and alerts of the lab.', (id) => {
    expect(held(id)).toHaveLength(1);
  });

  it('is held as a whole, each drill once, by the suite monthly, and covers every cause.', () => {
    const drills = held('monthly');
    expect(drills.map(({ name }) => name).toSorted()).toEqual(catalogue().drills);
    expect(new Set(drills.map(({ drill }) => drill.cause)).size).toBe(6);
    expect(drills.reduce((sum, { drill }) => sum + longestMs(drill), 0)).toBeLessThan(5_100_000);
  });

  it('proves every shipped runbook that may act by itself.', () => {
    const proven = new Set(held('monthly').map(({ drill }) => drill.expect.runbook?.name));
    const acting = loadCatalog().filter(({ runbook }) => actsByItself(runbook.mode));
    expect(acting.map(({ runbook }) => runbook.id).filter((id) => !proven.has(id))).toEqual([]);
    expect([acting.length > 5, proven.has('brew-coffee')]).toEqual([true, false]);
  });

  it('tells a plant that has less which drills fit it, and what a suite of those looks like.', () => {
    const { mes, 'mes-db': db } = config.targets;
    if (!mes || !db) throw new Error('the lab has both');
    const small = { ...vocabularyOf(config), targets: { mes, 'mes-db': db } };
    const refusal = (id: string) => {
      try {
        planOf(id, small);
      } catch (error) {
        return error as UsageError;
      }
      return expect.fail(`${id} fits`);
    };
    const fit = ['db-lock', 'db-pool-exhaustion', 'db-deadlocks', 'load-200'];
    const all = refusal('monthly');
    expect(all).toMatchObject({
      code: 'suite.misfit',
      message: expect.stringContaining(`${held('monthly').length - fit.length} drills of monthly`),
    });
    expect(all.message).toContain('unknown target "mes-queue", and there is none that would do (queue.');
    const file = path.join(folder, 'monthly.suite.yaml');
    writeFileSync(file, /\{"id.*\}/.exec(all.mend ?? '')?.[0] ?? '');
    expect(planOf(file, small).drills.map(({ name }) => name)).toEqual(fit);
    expect(refusal('queue-stuck')).toMatchObject({
      code: 'drill.misfit',
      mend: expect.stringMatching(/a copy of your own of \S+queue-stuck\.yaml/),
    });
    // A file of one's own has a line to mend.
    const own = path.join(folder, 'own.yaml');
    copyFileSync(/of (\S+queue-stuck\.yaml)/.exec(refusal('queue-stuck').mend ?? '')?.[1] ?? '', own);
    expect(refusal(own)).toMatchObject({ code: 'yaml.invalid', message: expect.stringContaining(`${own}:`) });
  });

  it('holds a drill in another way where its suite says so.', () => {
    const file = path.join(folder, 'other.suite.yaml');
    writeFileSync(file, '{id: other, title: Other, drills: [{drill: db-lock, runbooks: hold}, network-cut]}');
    expect(held(file).map(({ name, drill }) => [name, drill.runbooks])).toEqual([
      ['db-lock', 'hold'],
      ['network-cut', 'act'],
    ]);
  });

  it('refuses a suite that keeps a fault in for longer than its drill may last.', () => {
    const file = path.join(folder, 'long.suite.yaml');
    const suiteWith = (duration: string) =>
      writeFileSync(file, `{id: long, title: Long, drills: [{drill: db-lock, for: ${duration}}]}`);
    suiteWith('30s');
    expect(held(file)).toMatchObject([{ name: 'db-lock', drill: { method: [{ for: 30_000 }] } }]);
    suiteWith('2h');
    expect(() => held(file)).toThrow(/db-lock may take 2h\w+ with for: 2h, and its max_duration is 10m/);
  });

  it('breaks production never: without the lab’s word for it a target is not drillable.', () => {
    const closed = Object.fromEntries(
      Object.entries(config.targets).map(([name, target]) => [name, { ...target, drillable: false }]),
    );
    const vocabulary = { ...vocabularyOf(config), targets: closed };
    for (const id of catalogue().drills) expect(() => planOf(id, vocabulary)).toThrow(/is not drillable/);
  });
});
