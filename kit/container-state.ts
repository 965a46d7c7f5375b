import { z } from 'zod';

const endpointSchema = z.object({
  Aliases: z.array(z.string()).nullish(),
  IPAddress: z.string().nullish(),
  IPAMConfig: z.object({ IPv4Address: z.string().nullish(), IPv6Address: z.string().nullish() }).nullish(),
});

const inspectSchema = z.object({
  Id: z.string(),
  Name: z.string(),
  // Podman writes it as a number.
  Config: z.object({ StopSignal: z.union([z.string(), z.int()]).nullish() }).nullish(),
  State: z.object({
    Running: z.boolean(),
    Paused: z.boolean(),
    Restarting: z.boolean().default(false),
    Pid: z.int(),
    ExitCode: z.int(),
    StartedAt: z.string(),
  }),
  HostConfig: z.object({
    NetworkMode: z.string().default(''),
  }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), endpointSchema).nullish() }),
});

/** One container as the engine describes it. */
export interface ContainerState {
  id: string;
  name: string;
  /** Also true while it is paused. */
  running: boolean;
  paused: boolean;
  /** It has ended, and its engine waits a while before it starts it again: the longer, the more often it has ended. */
  restarting: boolean;
  /** Its first process as the host sees it; 0 when it does not run. */
  pid: number;
  /** Of the last end; 137 after SIGKILL. */
  exitCode: number;
  /** ISO time of the last start: another one means that it has been started again. */
  startedAt: string;
  /** What asks it to end in an orderly way, as its image says. */
  stopSignal: string;
  /** How it was given its network: `host` shares that of the computer. */
  networkMode: string;
  /** The networks it is connected to, by name. */
  networks: Readonly<Record<string, NetworkSeat>>;
}

/** A container's place in a network. */
export interface NetworkSeat {
  /** The names it is found by besides its own. */
  aliases: readonly string[];
  address: string;
  /** Whether somebody has asked for this very address. */
  fixed: boolean;
}

/** Reads the answer of `GET /containers/ID/json`; throws where it is something else. */
export function containerStateOf(answer: unknown): ContainerState {
  const { Id, Name, Config, State, HostConfig, NetworkSettings } = inspectSchema.parse(answer);
  const networks = Object.entries(NetworkSettings.Networks ?? {});
  return {
    id: Id,
    name: Name.replace(/^\//, ''),
    // Engines call it running, too, while they wait to start it again.
    running: State.Running && !State.Restarting,
    paused: State.Paused,
    restarting: State.Restarting,
    pid: State.Pid,
    exitCode: State.ExitCode,
    startedAt: State.StartedAt,
    stopSignal: String(Config?.StopSignal || 'SIGTERM'),
    networkMode: HostConfig.NetworkMode,
    networks: Object.fromEntries(networks.map(([name, seat]) => [name, seatOf(seat, Id)])),
  };
}

/** Engines before 26 add the short id to the aliases by themselves. */
const seatOf = (
  { Aliases, IPAddress, IPAMConfig }: z.output<typeof endpointSchema>,
  id: string,
): NetworkSeat => ({
  aliases: (Aliases ?? []).filter((alias) => !id.startsWith(alias)),
  address: IPAddress ?? '',
  fixed: Boolean(IPAMConfig?.IPv4Address || IPAMConfig?.IPv6Address),
});
