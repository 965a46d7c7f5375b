/** How far a consumer group has read one partition; -1 where it has committed nothing. */
export interface Committed {
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
}

/** Where the partitions of the topics end, by topic and partition. */
export type EndOffsets = ReadonlyMap<string, ReadonlyMap<number, bigint>>;

/**
 * Messages of each topic that a group has not yet committed. A commit beyond the end counts as none: the topic was truncated
 * or made anew. Partitions without a commit or without a known end count nothing; topics of only such ones are left out.
 */
export function lagByTopic(committed: readonly Committed[], ends: EndOffsets): Map<string, number> {
  const lags = new Map<string, number>();
  for (const { topic, partition, offset } of committed) {
    const end = ends.get(topic)?.get(partition);
    if (end === undefined || offset < 0n) continue;
    const lag = end > offset ? Number(end - offset) : 0;
    lags.set(topic, (lags.get(topic) ?? 0) + lag);
  }
  return lags;
}
