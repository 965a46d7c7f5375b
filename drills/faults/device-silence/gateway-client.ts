import { z } from 'zod';
import { type ControlAnswer, ControlClient } from '../../../kit/control-client.ts';
import { UnavailableError } from '../../../kit/errors.ts';
import type { TargetOf } from '../../../kit/targets.ts';

const ended = z.object({ holder: z.string(), by: z.string(), suppressed: z.int().default(0) });

const silenceSchema = z.object({
  /** The devices that the target's name means there. */
  devices: z.array(z.string()).optional(),
  silenced: z.object({ holder: z.string(), expiresAt: z.string() }).nullable(),
  /** Heartbeats that this silence has kept back. */
  suppressed: z.int(),
  lastSilence: ended.nullish(),
});

/** What a gateway says of one device, or of many that one name means. */
export type SilenceState = z.infer<typeof silenceSchema>;

/** What a gateway offers to make its devices silent, as docs/drills/devices.md describes it. */
export class GatewayClient {
  readonly #control: ControlClient;
  readonly #path: string;

  constructor(target: TargetOf<'device'>, fetcher: typeof fetch) {
    this.#control = new ControlClient(target, fetcher);
    this.#path = silencePath(target.device);
  }

  async state(signal?: AbortSignal): Promise<SilenceState> {
    return silenceSchema.parse(await this.#control.demand({ method: 'GET', path: this.#path, signal }));
  }

  silence(
    body: { holder: string; leaseMs: number; renew?: boolean },
    signal?: AbortSignal,
  ): Promise<ControlAnswer> {
    return this.#control.ask({ method: 'PUT', path: this.#path, body, signal });
  }

  async lift(holder: string, by: string, signal?: AbortSignal): Promise<void> {
    await this.#control.demand({ method: 'DELETE', path: this.#path, query: { holder, by }, signal });
  }
}

/** The heartbeats that an answer says were kept back. */
export const suppressedIn = (answer: ControlAnswer): number | undefined =>
  answer.ok ? silenceSchema.parse(answer.body).suppressed : undefined;

export const silencePath = (device: string): string => `/devices/${encodeURIComponent(device)}/silence`;

/** Throws unless the gateway answers, knows the device, and nobody has made it silent. */
export async function demandAudible(
  name: string,
  target: TargetOf<'device'>,
  fetcher: typeof fetch,
): Promise<void> {
  const state = await new GatewayClient(target, fetcher).state().catch((cause: unknown) => {
    if (cause instanceof UnavailableError) throw cause;
    throw new UnavailableError(
      'device.no-gateway',
      `${name}: the gateway cannot make ${target.device} silent`,
      {
        mend: `Look whether ${target.control} is the address of its gateway, and whether that knows the device.`,
        cause,
      },
    );
  });
  if (state.silenced)
    throw new UnavailableError('device.held', `${name} is silent for ${state.silenced.holder} already`, {
      mend: 'Wait for that drill, or run: andon drill clean',
    });
}
