/** What Alertmanager sends in a storm: each alert instance several times, out of order, and some resolved before they fire. */
export interface Delivery {
  body: string;
  /** Fingerprints of the alerts that it says are firing. */
  firing: readonly string[];
}

/** Deliveries for each instance. */
export const perInstance = 5;
/** So many places a delivery may be early or late. */
const disorder = 60;
const startsAt = '2026-01-31T08:00:00.000Z';

/** The same storm for the same seed. Every instance is firing in at least one delivery. */
export function stormOf(instances: number, seed = 1): Delivery[] {
  const random = randomOf(seed);
  const notices = Array.from({ length: instances * perInstance }, (_, index) => {
    const instance = Math.floor(index / perInstance);
    // Every second instance ends within the storm.
    const resolved = index % perInstance === perInstance - 1 && instance % 2 === 0;
    return { instance, resolved, at: index + random() * disorder };
  }).toSorted((a, b) => a.at - b.at);
  return notices.map(({ instance, resolved }, index) => {
    const own = alertOf(instance, resolved ? 'resolved' : 'firing');
    // Every tenth is a group: the neighbours once more.
    const others = index % 10 === 0 && instance > 0 ? [alertOf(instance - 1, 'firing')] : [];
    const alerts = [own, ...others];
    const firing = alerts.filter(({ status }) => status === 'firing').map(({ fingerprint }) => fingerprint);
    return { body: JSON.stringify({ version: '4', truncatedAlerts: 0, alerts }), firing };
  });
}

const alertOf = (instance: number, status: 'firing' | 'resolved') => ({
  status,
  labels: {
    ...{ alertname: 'MesDatabaseBlocked', tier: 'A', site: 'plant-1', line: `L${instance % 20}` },
    ...{ instance: `mes-${instance}`, job: 'andon' },
  },
  annotations: { summary: `${instance} sessions wait for a lock` },
  startsAt,
  endsAt: status === 'resolved' ? '2026-01-31T09:00:00.000Z' : '0001-01-01T00:00:00Z',
  generatorURL: 'http://prometheus.example/graph',
  fingerprint: `storm-${instance}`,
});

/** Mulberry32: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
