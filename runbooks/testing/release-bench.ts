import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { systemClock } from '../../kit/clock.ts';
import { silentLog } from '../../kit/log.ts';
import { type Targets, targetsSchema } from '../../kit/targets.ts';
import { waitFor } from '../../kit/wait.ts';
import {
  type FakeVersion,
  routerToken,
  startTestRouter,
  type TestRouter,
} from '../../plant/testing/fake-versions.ts';
import { startRelease } from '../releases/by-hand.ts';
import { releasesSection } from '../releases/config.ts';
import type { Release } from '../releases/release.ts';
import { ReleaseStore } from '../releases/release-store.ts';
import type { ReleaseWorld } from '../releases/release-world.ts';
import { ReleaseWatcher } from '../releases/watcher.ts';
import { writeGeneration } from './folder-generation.ts';
import { tempFolder } from './temp-folder.ts';

/** Whatever is done with a release takes no longer in a test. */
export const releaseLimit = () => AbortSignal.timeout(30_000);

/** Releases before a real router, with settings in a folder of generation `one`, and a clock that can be held and put forward. */
export class ReleaseBench implements AsyncDisposable {
  readonly plant: TestRouter;
  readonly events: { event: string; data: Record<string, unknown> }[] = [];
  readonly folder: string;
  /** What Prometheus answers. */
  answers: Record<string, number | undefined> = {};
  readonly #temp = tempFolder();
  readonly #stores: ReleaseStore[] = [];
  #ahead = 0;
  #held: number | undefined;

  constructor(plant: TestRouter) {
    this.plant = plant;
    this.folder = this.#temp.file('plant/config');
    mkdirSync(this.folder, { recursive: true });
    writeGeneration(this.folder, 'one');
  }

  static async start(): Promise<ReleaseBench> {
    return new ReleaseBench(await startTestRouter());
  }

  get snapshots() {
    return { config: { folder: this.folder, store: this.#temp.file('snapshots') } };
  }

  get targets(): Targets {
    const { control } = this.plant.router;
    return targetsSchema.parse({ 'mes-release': { kind: 'release', control, token: routerToken } });
  }

  /** As another process would have it: a connection of its own to the same store. */
  world(config: object = {}, changes: Partial<ReleaseWorld> = {}): ReleaseWorld {
    const store = new ReleaseStore(this.#temp.file('runbooks.sqlite'));
    this.#stores.push(store);
    return {
      store,
      config: releasesSection.parse({
        target: 'mes-release',
        snapshots: ['config'],
        min_samples: 40,
        ...config,
      }),
      targets: this.targets,
      snapshots: this.snapshots,
      askPrometheus: async (promql) => this.answers[promql],
      fetch,
      clock: { now: () => (this.#held ?? Date.now()) + this.#ahead, sleep: systemClock.sleep },
      ...changes,
    };
  }

  watcher(world: ReleaseWorld): ReleaseWatcher {
    const record = (event: string, data: Record<string, unknown>) => void this.events.push({ event, data });
    return new ReleaseWatcher({ world, record, log: silentLog });
  }

  /** From now on time passes only when it is put forward. */
  holdTime(): void {
    this.#held = Date.now();
  }

  putForward(ms: number): void {
    this.#ahead += ms;
  }

  get version(): FakeVersion {
    const version = this.plant.started.at(-1);
    if (!version) throw new Error('no version was started');
    return version;
  }

  /** So many changes by callers who get the candidate, or by those who get the stable version. */
  async ask(which: 'candidate' | 'stable', times: number): Promise<void> {
    const { stable } = this.plant;
    const wanted = which === 'stable' ? stable : this.version;
    for (let asked = 0, terminal = 0; asked < times; terminal++) {
      const before = wanted.total;
      // A GET is not counted, and says who would answer.
      const { body } = await this.plant.ask(`T${terminal}`, 'GET');
      if ((body as { version: string }).version !== wanted.version) continue;
      await this.plant.ask(`T${terminal}`);
      asked += wanted.total - before;
    }
  }

  async router() {
    return await this.plant.state();
  }

  async untilGone(): Promise<void> {
    await waitFor(async () => (await this.router()).leaving.length === 0, {
      what: 'the end',
      timeoutMs: 20_000,
    });
  }

  start(world: ReleaseWorld, version = '2.0', more: object = {}): Promise<Release> {
    return startRelease({ version, actor: 'li', share: 0.5, ...more }, world, releaseLimit());
  }

  /** A version that is on trial, with what watches it. */
  async onTrial(config: object = {}, version = '2.0') {
    const world = this.world(config);
    const release = await this.start(world, version);
    if (release.state !== 'canary' || release.trouble !== null)
      throw new Error(`${version} is not on trial: ${release.state}, ${release.trouble}`);
    const watcher = this.watcher(world);
    const look = async () => (await watcher.tick(releaseLimit())).at(-1) ?? world.store.newest('mes-release');
    return { world, release, look };
  }

  /** The generation of the settings that stand in the folder. */
  get settings(): string {
    return readFileSync(path.join(this.folder, 'setting-1.yaml'), 'utf8').trim();
  }

  writeSettings(generation: string): void {
    writeGeneration(this.folder, generation);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const store of this.#stores) store[Symbol.dispose]();
    await this.plant[Symbol.asyncDispose]();
    this.#temp[Symbol.dispose]();
  }
}
