import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { startKeeper } from '../kit/keeper.ts';
import { silentLog } from '../kit/log.ts';
import { choosePorts } from '../lab/addresses.ts';
import { startLab } from '../lab/lab.ts';
import { demandPrograms } from '../lab/programs.ts';
import { makeSecrets } from '../lab/secrets.ts';
import { renderDocument, table } from './detection/document.ts';
import { startPlace } from './detection/place.ts';
import { promiseOf, rulesOfTierA, runScenarios } from './detection/run.ts';
import { excused, scenarios } from './detection/scenarios/catalogue.ts';
import { silenceLab } from './detection/silence-lab.ts';
import { type Finding, gaps, whyLate } from './detection/verdict.ts';

/**
 * `npm run detection [-- --only NAME…]`: makes every A alert fire by its real condition and times its delivery. A whole run writes
 * docs/detection.md; it fails when an alert is late or has no scenario.
 */
const [flag, ...names] = process.argv.slice(2);
const asked = flag === '--only' ? scenarios.filter(({ name }) => names.includes(name)) : scenarios;
if ((flag !== undefined && flag !== '--only') || (flag === '--only' && asked.length !== names.length)) {
  process.stderr.write(`detection: --only takes some of ${scenarios.map(({ name }) => name).join(', ')}\n`);
  process.exit(2);
}

const startedAt = Date.now();
const tell = (line: string): void => {
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
  process.stderr.write(`detection: ${seconds.padStart(5)} s  ${line}\n`);
};
const loadBefore = os.loadavg();
const { findings, prometheus } = await detect();
process.stdout.write(`${table(findings)}\n`);
for (const finding of findings)
  if ('notFired' in finding) tell(`${finding.rule.name}: not fired: ${finding.notFired}`);
if (flag === undefined) {
  const facts = {
    at: new Date(),
    minutes: (Date.now() - startedAt) / 60_000,
    loadBefore,
    loadAfter: os.loadavg(),
    prometheus,
  };
  const file = fileURLToPath(new URL('../docs/detection.md', import.meta.url));
  writeFileSync(file, renderDocument(findings, facts));
}
const { missing, unknown } = gaps(rulesOfTierA(), scenarios, excused);
for (const name of missing) tell(`no scenario fires ${name}`);
for (const name of unknown) tell(`${name} is no A alert`);
const late = findings.filter((finding) => whyLate(finding) !== undefined);
process.exit(late.length + missing.length + unknown.length > 0 ? 1 : 0);

async function detect(): Promise<{ findings: Finding[]; prometheus: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-detection-'));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  const bin = fileURLToPath(new URL('../cli/bin.ts', import.meta.url));
  const common = {
    self: { command: process.execPath, args: [bin] },
    env: process.env,
    signal: new AbortController().signal,
  };
  const lab = stack.use(
    await startLab({ ...common, dir: path.join(folder, '.andon', 'lab'), weaken: [], log: silentLog }),
  );
  tell('the lab runs');
  await silenceLab(lab);
  const dir = path.join(folder, '.andon', 'beside');
  for (const name of ['logs', 'secrets', 'prometheus', 'alertmanager'])
    mkdirSync(path.join(dir, name), { recursive: true });
  const context = {
    ...common,
    dir,
    ports: await choosePorts(),
    secrets: makeSecrets(path.join(dir, 'secrets')),
    programs: demandPrograms(process.env.PATH ?? ''),
    owner: { keeper: stack.use(await startKeeper()), log: silentLog },
  };
  const kafka = asked.some(({ name }) => name === 'group-empty');
  const place = stack.use(await startPlace(lab, context, { kafka }));
  tell('what stands beside it runs');
  const measured = await runScenarios(asked, place, tell);
  const not = rulesOfTierA().flatMap((rule) => {
    const notFired = excused[rule.name];
    return notFired === undefined ? [] : [{ ...promiseOf(rule), notFired }];
  });
  return { findings: [...measured, ...not], prometheus: await versionOf(place.prometheus) };
}

async function versionOf(url: string): Promise<string> {
  const answer = (await (await fetch(`${url}/api/v1/status/buildinfo`)).json()) as {
    data: { version: string };
  };
  return answer.data.version;
}
