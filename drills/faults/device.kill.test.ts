import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { standardLine } from '../../plant/settings.ts';
import { startPlantProgram } from '../../plant/testing/plant-program.ts';
import { ownerOf } from '../network/holder.ts';
import { LinkClient } from '../proxy/link-client.ts';
import { runName } from '../run-name.ts';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';
import { startLinksProcess } from '../testing/links-process.ts';
import { startPeerServer } from '../testing/tcp-peer.ts';
import { GatewayClient } from './device-silence/gateway-client.ts';

const opened = new AsyncDisposableStack();
const device = (name: string) => ({ kind: 'device', device: name, token: 'keeper' }) as const;
let range: KillRange;
let control: string;
let links: string;

beforeAll(async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'andon-device-kill-'));
  opened.defer(() => rmSync(folder, { recursive: true, force: true }));
  const settings = {
    line: standardLine('L1', 2),
    // Nobody: what a silence keeps back is not sent in any case.
    mes: { url: 'http://127.0.0.1:9', token: 't' },
    tokens: { keeper: { actor: 'keeper', role: 'maintainer' as const } },
    journal: path.join(folder, 'journal.sqlite'),
    heartbeat_ms: 200,
    log_level: 'silent' as const,
  };
  control = opened.use(await startPlantProgram('edge', settings, folder)).url;
  const upstream = opened.use(await startPeerServer());
  links = opened.use(await startLinksProcess({ L1: upstream.port, L2: upstream.port })).control;
  range = opened.use(
    new KillRange({
      'L1-U1-PLC': { ...device('L1-U1-PLC'), control },
      'L1-U2-PLC': { ...device('L1-U2-PLC'), control },
      'L1-wifi': { kind: 'link', control: links, link: 'L1' },
      'L2-wifi': { kind: 'link', control: links, link: 'L2' },
    }),
  );
});
afterAll(() => opened.disposeAsync());

const silence = (name: 'L1-U1-PLC' | 'L1-U2-PLC'): KillCase => ({
  doom: { kind: 'device.silence', target: name, with: {} },
  present: async (run) => {
    const gateway = new GatewayClient(
      { ...device(name), control, drillable: true, production: false },
      fetch,
    );
    return (await gateway.state()).silenced?.holder === runName(run);
  },
});

const roaming = (link: 'L1' | 'L2'): KillCase => ({
  doom: { kind: 'line.offline', target: `${link}-wifi`, with: { off: '500ms', on: '300ms' } },
  present: async (run) => {
    const { holds } = await new LinkClient({ control: links, link }, fetch).state();
    return holds.some(({ holder }) => ownerOf(holder) === runName(run));
  },
});

describe('A runner that is killed by SIGKILL', () => {
  test.concurrent.each([silence('L1-U1-PLC'), roaming('L1')])(
    'leaves no $doom.kind within 5 s, whenever it dies',
    (kind) => range.killAll(kind),
    killRounds * 60_000,
  );
});

describe('A runner that dies after its watchdog', () => {
  test.concurrent.each([
    [silence('L1-U2-PLC'), 'SIGKILL'],
    [roaming('L2'), 'SIGSTOP'],
  ] as const)(
    'leaves $doom.kind to its lease, and the clean-up closes the log',
    (kind, how) => range.killWatchdogToo(kind, how),
    120_000,
  );
});
