import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AndonConfig, loadConfig } from '../config/andon-config.ts';
import { catalogue, planOf } from '../drills/catalog.ts';
import { longestMs } from '../drills/schema.ts';
import { choosePorts } from '../lab/addresses.ts';
import { andonYaml } from '../lab/andon-yaml.ts';
import { makeSecrets } from '../lab/secrets.ts';
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
    expect(drills.reduce((sum, { drill }) => sum + longestMs(drill), 0)).toBeLessThan(4_500_000);
  });

  it('breaks production never: without the lab’s word for it a target is not drillable.', () => {
    const closed = Object.fromEntries(
      Object.entries(config.targets).map(([name, target]) => [name, { ...target, drillable: false }]),
    );
    const vocabulary = { ...vocabularyOf(config), targets: closed };
    for (const id of catalogue().drills) expect(() => planOf(id, vocabulary)).toThrow(/is not drillable/);
  });
});
