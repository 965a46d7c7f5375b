import { nameProblem } from '../devices/device-name.ts';

const nodeMessages = ['NBIRTH', 'NDEATH', 'NDATA'] as const;
const deviceMessages = ['DBIRTH', 'DDEATH', 'DDATA'] as const;
export type MessageType = (typeof nodeMessages)[number] | (typeof deviceMessages)[number];

/** Whose message of which kind: `spBv1.0/GROUP/TYPE/NODE[/DEVICE]` (Sparkplug 3.0, chapter 4). */
export interface SparkplugTopic {
  readonly type: MessageType;
  readonly group: string;
  readonly node: string;
  /** Undefined for a message of the edge node itself. */
  readonly device: string | undefined;
}

const namespace = 'spBv1.0';

/** Undefined for what is no message of an edge node, and for names that could not stand in a label as they are. */
export function parseTopic(topic: string): SparkplugTopic | undefined {
  const [first, group = '', type = '', node = '', device, ...rest] = topic.split('/');
  const types: readonly string[] = device === undefined ? nodeMessages : deviceMessages;
  if (first !== namespace || rest.length > 0 || !types.includes(type)) return undefined;
  const names = [group, node, deviceName(node, device), ...(device === undefined ? [] : [device])];
  if (names.some((name) => nameProblem(name) !== undefined)) return undefined;
  return { type: type as MessageType, group, node, device };
}

/** The label `device`: an edge node by its own name, a device under its edge node. No name holds a slash. */
export const deviceName = (node: string, device: string | undefined): string =>
  device === undefined ? node : `${node}/${device}`;

/** What to subscribe to, of these groups or all: births, deaths and data, and no commands. */
export const topicFilters = (groups: readonly string[] = ['+']): string[] =>
  groups.flatMap((group) => [
    ...nodeMessages.map((type) => `${namespace}/${group}/${type}/+`),
    ...deviceMessages.map((type) => `${namespace}/${group}/${type}/+/+`),
  ]);

/** Where an edge node takes commands. */
export const commandTopic = (group: string, node: string): string => `${namespace}/${group}/NCMD/${node}`;
