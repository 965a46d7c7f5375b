import { UnavailableError } from '../../../kit/errors.ts';
import type { TargetOf } from '../../../kit/targets.ts';
import type { Host, Injection, NamedTarget, Plan } from '../../fault.ts';
import { heldInjection } from '../../held-injection.ts';
import { leaseMs } from '../../lease.ts';
import { runName } from '../../run-name.ts';
import { GatewayClient, suppressedIn } from './gateway-client.ts';

/** Makes a device silent at its gateway, and keeps it so. */
export async function silenceDevice(
  plan: Plan,
  { name, target }: NamedTarget<TargetOf<'device'>>,
  host: Host,
  signal: AbortSignal,
): Promise<Injection> {
  const gateway = new GatewayClient(target, host.fetch);
  const holder = runName(plan.run);
  const answer = await gateway.silence({ holder, leaseMs }, signal);
  if (!answer.ok)
    throw new UnavailableError('device.refused', `${name}: ${answer.message}`, {
      mend: 'Another drill is at work there: wait for it, or run: andon drill clean',
    });
  return heldInjection(
    plan,
    {
      async renew() {
        const again = await gateway.silence({ holder, leaseMs, renew: true });
        if (!again.ok) return { held: false, by: again.endedBy ?? 'others' };
        return { held: true, touched: suppressedIn(again) ?? 0 };
      },
      async release() {
        await gateway.lift(holder, 'runner');
        const { lastSilence } = await gateway.state();
        return lastSilence?.holder === holder ? lastSilence.suppressed : 0;
      },
      async residue() {
        const { silenced } = await gateway.state();
        return silenced?.holder === holder ? [`${name} is still silent for ${holder}`] : [];
      },
    },
    host,
  );
}
