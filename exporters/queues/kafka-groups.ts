import { type Admin, consumerGroupDescribeV0, FindCoordinatorKeyTypes } from '@platformatic/kafka';
import type { Committed, EndOffsets } from './kafka-lag.ts';

/** A consumer group of either protocol: the classic one, or that of KIP-848, which brokers describe by another request. */
export interface ConsumerGroup {
  readonly id: string;
  readonly isClassic: boolean;
}

/** The consumer groups of a cluster; those of Kafka Connect commit no offsets that mean lag. */
export async function consumerGroups(admin: Admin): Promise<ConsumerGroup[]> {
  const groups = await admin.listGroups({ types: ['classic', 'consumer'] });
  return [...groups.values()]
    .filter(({ protocolType }) => ['consumer', ''].includes(protocolType))
    .map(({ id, groupType }) => ({ id, isClassic: groupType?.toLowerCase() !== 'consumer' }));
}

/** How many members each group has. */
export async function membersOf(
  admin: Admin,
  groups: readonly ConsumerGroup[],
): Promise<Map<string, number>> {
  const classic = groups.filter(({ isClassic }) => isClassic).map(({ id }) => id);
  const modern = groups.filter(({ isClassic }) => !isClassic).map(({ id }) => id);
  const described = classic.length === 0 ? [] : (await admin.describeGroups({ groups: classic })).values();
  const members = new Map([...described].map(({ id, members }) => [id, members.size]));
  return modern.length === 0 ? members : new Map([...members, ...(await modernMembers(admin, modern))]);
}

async function modernMembers(admin: Admin, ids: string[]): Promise<[string, number][]> {
  const coordinators = await admin.findCoordinator({ keyType: FindCoordinatorKeyTypes.GROUP, keys: ids });
  const connections = await admin.connectToBrokers([...new Set(coordinators.map(({ nodeId }) => nodeId))]);
  const answers = await Promise.all(
    [...connections].map(([node, connection]) => {
      const keys = coordinators.filter(({ nodeId }) => nodeId === node).map(({ key }) => key);
      return consumerGroupDescribeV0.api.async(connection, keys, false);
    }),
  );
  const described = answers.flatMap(({ groups }) => groups);
  return described.map(({ groupId, members }) => [groupId, members.length]);
}

/** What each group has committed, of the topics that are wanted. */
export async function committedBy(
  admin: Admin,
  groups: readonly ConsumerGroup[],
  isWanted: (topic: string) => boolean,
): Promise<Map<string, Committed[]>> {
  if (groups.length === 0) return new Map();
  const answers = await admin.listConsumerGroupOffsets({ groups: groups.map(({ id }) => id) });
  return new Map(
    answers.map(({ groupId, topics }) => [
      groupId,
      topics
        .filter(({ name }) => isWanted(name))
        .flatMap(({ name, partitions }) =>
          partitions.map(({ partitionIndex, committedOffset }) => ({
            topic: name,
            partition: partitionIndex,
            offset: committedOffset,
          })),
        ),
    ]),
  );
}

/** Where the partitions end that somebody has committed. Topics that are no more, and partitions that are no more, are left out. */
export async function endsOf(admin: Admin, committed: Iterable<readonly Committed[]>): Promise<EndOffsets> {
  const wanted = new Map<string, Set<number>>();
  for (const partitions of committed)
    for (const { topic, partition, offset } of partitions)
      if (offset >= 0n) wanted.set(topic, (wanted.get(topic) ?? new Set()).add(partition));
  if (wanted.size === 0) return new Map();
  const existing = new Set(await admin.listTopics());
  const names = [...wanted.keys()].filter((name) => existing.has(name));
  if (names.length === 0) return new Map();
  const { topics } = await admin.metadata({ topics: names, forceUpdate: true });
  const answers = await admin.listOffsets({
    topics: names.map((name) => ({
      name,
      partitions: [...(wanted.get(name) ?? [])]
        .filter((partition) => topics.get(name)?.partitions[partition] !== undefined)
        .map((partitionIndex) => ({ partitionIndex, timestamp: latest })),
    })),
  });
  return new Map(
    answers.map(({ name, partitions }) => [
      name,
      new Map(partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset])),
    ]),
  );
}

/** The protocol's name for the end of a partition (ListOffsets, timestamp). */
const latest = -1n;
