import type { Direction, Disturbance } from './driver.ts';
import type { Stream, Toxic } from './toxiproxy-client.ts';

const streams: Readonly<Record<Direction, readonly Stream[]>> = {
  both: ['upstream', 'downstream'],
  upstream: ['upstream'],
  downstream: ['downstream'],
};
const kinds = ['cut', 'latency', 'bandwidth'] as const;

/** Toxiproxy's kilobyte. */
const kilobyte = 1000;

/** Why Toxiproxy 2.12 cannot do this, in words. */
export function toxiproxyCannot(disturbance: Disturbance): string | undefined {
  if (disturbance.kind === 'loss')
    return 'Toxiproxy has no packet loss up to 2.12: use a target of kind address or link, or network.latency';
  if (disturbance.kind === 'bandwidth' && disturbance.bytesPerSecond < kilobyte)
    return 'Toxiproxy counts in kilobytes: at least 1000 bytes a second';
  if (disturbance.kind === 'cut' && disturbance.mode === 'reject' && disturbance.direction !== 'both')
    return 'Toxiproxy refuses new connections for both directions or not at all: leave the direction out';
  return undefined;
}

/**
 * The toxics that make a disturbance. For `reject` it is one that does nothing: the proxy is disabled as well, and the toxic says
 * that it was this holder who did it.
 */
export function toxicsOf(disturbance: Disturbance, holder: string): Toxic[] {
  if (isReject(disturbance)) return [rejectMark(holder)];
  return streams[disturbance.direction].map((stream) => ({
    name: nameOf(holder, disturbance.kind, stream),
    stream,
    toxicity: 1,
    ...pathogenOf(disturbance),
  }));
}

/** Whether the disturbance is made by disabling the proxy. */
export const isReject = (disturbance: Disturbance): boolean =>
  disturbance.kind === 'cut' && disturbance.mode === 'reject';

/** Says that a holder has disabled the proxy. Its toxicity is 0: it touches nothing. */
export const rejectMark = (holder: string): Toxic => ({
  name: nameOf(holder, 'disabled', 'downstream'),
  type: 'latency',
  stream: 'downstream',
  toxicity: 0,
  attributes: { latency: 0, jitter: 0 },
});

/** The name of every toxic that this holder ever makes. */
export const toxicNames = (holder: string): string[] => [
  ...kinds.flatMap((kind) => streams.both.map((stream) => nameOf(holder, kind, stream))),
  rejectMark(holder).name,
];

const nameOf = (holder: string, kind: string, stream: Stream): string => `${holder}-${kind}-${stream}`;

function pathogenOf(disturbance: Disturbance): Pick<Toxic, 'type' | 'attributes'> {
  switch (disturbance.kind) {
    case 'cut':
      return { type: disturbance.mode === 'drop' ? 'timeout' : 'reset_peer', attributes: { timeout: 0 } };
    case 'latency':
      return {
        type: 'latency',
        attributes: { latency: Math.round(disturbance.latencyMs), jitter: Math.round(disturbance.jitterMs) },
      };
    case 'bandwidth':
      return { type: 'bandwidth', attributes: { rate: Math.round(disturbance.bytesPerSecond / kilobyte) } };
    case 'loss':
      throw new TypeError('Toxiproxy has no packet loss');
  }
}
