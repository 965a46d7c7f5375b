import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { UnavailableError } from '../errors.ts';
import type { TargetOf } from '../targets.ts';
import { waitFor, within } from '../wait.ts';
import { mainPid, startOf } from './main-pid.ts';
import { ownLine, type ProcessInfo, processInfo, processTable, treeOf } from './process-table.ts';
import type { Life, Service } from './service.ts';
import { settling } from './settling.ts';
import { signalProcess } from './signal-process.ts';
import { runStartCommand } from './start-command.ts';
import { takeStartTurn } from './start-turn.ts';

/** A database that recovers from a crash starts within this; the caller's own deadline is mostly shorter. */
const startLimitMs = 60_000;
/** The kernel stops a thread at once, unless it is busy for it. */
const pauseLimitMs = 3000;

/** A process of this computer, found by a pid file or by systemd. */
export class LocalProcess implements Service {
  readonly name: string;
  readonly what: string;
  readonly byHand: Service['byHand'];
  readonly endsBy = 'SIGTERM';
  readonly #target: TargetOf<'process'>;
  readonly #systemctl: string;
  /** What was frozen here, in case its main process is gone when it is to run again. */
  #frozen: ProcessInfo[] = [];

  constructor(name: string, target: TargetOf<'process'>, systemctl = 'systemctl') {
    const { pid_file: pidFile, unit } = target;
    this.name = name;
    this.what = pidFile === undefined ? `the main process of ${unit}` : `the process named in ${pidFile}`;
    const pid =
      pidFile === undefined ? `$(systemctl show -p MainPID --value ${unit})` : `$(head -1 ${pidFile})`;
    this.byHand = {
      start:
        target.start === undefined
          ? `Run: systemctl start ${unit}`
          : `Start ${name}: run the command that stands under targets: ${name}: start: in andon.yaml`,
      resume: `Run: kill -CONT ${pid}  and the same for its descendants (pstree -p ${pid}), if it lives`,
    };
    this.#target = target;
    this.#systemctl = systemctl;
  }

  async life(): Promise<Life | undefined> {
    const pid = await mainPid(this.#target, this.#systemctl);
    const found = pid === undefined ? undefined : processInfo(pid);
    return found && lifeOf(found);
  }

  beganAt({ id }: Life): number {
    return startOf(id.slice(id.indexOf('@') + 1));
  }

  async demand(): Promise<Life> {
    const life = await this.life();
    if (!life)
      throw new UnavailableError('process.not-running', `${this.name}: ${this.what} does not live`, {
        mend: `${this.byHand.start}, or correct the target in andon.yaml.`,
      });
    const tree = treeOf(life.pid, processTable());
    const sacred = [1, ...ownLine(processTable())];
    if (tree.some(({ pid }) => sacred.includes(pid)))
      throw new UnavailableError(
        'process.own',
        `${this.name}: process ${life.pid} is one that this drill runs in`,
        {
          mend: 'Correct the pid_file or unit of the target: no drill stops itself, its shell or the init process.',
        },
      );
    for (const one of tree) this.#send(one, 0);
    return life;
  }

  async demandStart(): Promise<void> {
    const [command = ''] = this.#target.start ?? [];
    if (!command.includes('/')) return;
    try {
      accessSync(path.resolve('/', command), constants.X_OK);
    } catch (cause) {
      throw new UnavailableError('process.no-start', `${this.name}: its start command cannot be run`, {
        mend: `Correct targets: ${this.name}: start: in andon.yaml; relative paths count from /.`,
        cause,
      });
    }
  }

  async send(life: Life, name: NodeJS.Signals): Promise<void> {
    const found = processInfo(life.pid);
    if (found && lifeOf(found).id === life.id) this.#send(found, name);
  }

  askToEnd(life: Life): Promise<void> {
    return this.send(life, this.endsBy);
  }

  async pause(life: Life, signal: AbortSignal): Promise<void> {
    await waitFor(
      () => {
        const running = this.#tree(life.pid).filter(({ state }) => !isStopped(state));
        // The parent first: what it has forked meanwhile is found in the next round.
        for (const one of running) this.#send(one, 'SIGSTOP');
        this.#frozen.push(...running);
        return running.length === 0;
      },
      { what: `the standstill of ${this.name}`, timeoutMs: pauseLimitMs, everyMs: 10, signal },
    );
  }

  async resume(signal: AbortSignal): Promise<void> {
    await waitFor(
      async () => {
        const stopped = await this.#stopped();
        for (const one of stopped.toReversed()) this.#send(one, 'SIGCONT');
        return stopped.length === 0;
      },
      { what: `the resumption of ${this.name}`, timeoutMs: pauseLimitMs, everyMs: 10, signal },
    );
  }

  async paused(): Promise<string[]> {
    const stopped = await this.#stopped();
    return stopped.map(({ pid, command }) => `process ${pid} (${command}) of ${this.name} is stopped`);
  }

  async start(signal: AbortSignal): Promise<Life> {
    const turn = await takeStartTurn(this.what, signal);
    // Whoever asked may give up; the turn is kept until it lives, so that nobody starts a second one meanwhile.
    return within(this.#startInTurn(turn), signal);
  }

  async #startInTurn(turn: AsyncDisposable): Promise<Life> {
    await using _turn = turn;
    const alive = await this.life();
    if (alive) return alive;
    const { start = [this.#systemctl, 'start', this.#target.unit ?? ''] } = this.#target;
    const command = runStartCommand(start);
    const hasSettled = settling();
    const settled = async () => {
      const life = await this.life();
      const failure = command.failure();
      if (!life && failure !== undefined) return failure;
      return hasSettled(life) ? life : undefined;
    };
    const what = `${this.name} to live`;
    const life = await waitFor(settled, { what, timeoutMs: startLimitMs, everyMs: 50 });
    if (typeof life !== 'string') return life;
    throw new UnavailableError('process.start', `${this.name} could not be started: ${life}`, {
      mend: `Do it by hand to see why. ${this.byHand.start}`,
    });
  }

  async #stopped(): Promise<ProcessInfo[]> {
    const life = await this.life();
    const tree = life ? this.#tree(life.pid) : [];
    const orphaned = this.#frozen.flatMap(({ pid, startedAt }) => {
      const now = processInfo(pid);
      return now?.startedAt === startedAt && !tree.some((one) => one.pid === pid) ? [now] : [];
    });
    return [...tree, ...orphaned].filter(({ state }) => isStopped(state));
  }

  #tree(pid: number): ProcessInfo[] {
    return treeOf(pid, processTable());
  }

  #send(one: ProcessInfo, signal: NodeJS.Signals | 0): void {
    try {
      signalProcess(one, signal);
    } catch (cause) {
      throw new UnavailableError(
        'process.no-right',
        `${this.name}: process ${one.pid} may not be signalled`,
        {
          mend: 'Run Andon as root or as the user that the process belongs to.',
          cause,
        },
      );
    }
  }
}

const lifeOf = ({ pid, startedAt }: ProcessInfo): Life => ({ id: `${pid}@${startedAt}`, pid });
const isStopped = (state: string): boolean => state === 'T' || state === 't';
