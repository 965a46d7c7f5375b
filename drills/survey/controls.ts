import { RouterClient } from '../../kit/release-router.ts';
import type { TargetOf } from '../../kit/targets.ts';
import { GatewayClient } from '../faults/device-silence/gateway-client.ts';
import { ToxiproxyClient } from '../network/toxiproxy-client.ts';
import { HttpFaultClient } from '../proxy/http-fault-client.ts';
import { LinkClient } from '../proxy/link-client.ts';
import type { SurveyDeps } from './survey.ts';

/** Who disturbs a link of Andon's proxy, and who fails its requests. */
export async function surveyLink(
  target: TargetOf<'link'>,
  _name: string,
  { fetch }: SurveyDeps,
): Promise<string[]> {
  const [{ holds }, { httpFaults = [] }] = await Promise.all([
    new LinkClient(target, fetch).state(),
    new HttpFaultClient(target, fetch).state(),
  ]);
  return [
    ...holds.map(({ holder, disturbance }) => `${disturbance?.kind ?? 'a pause'} of the link by ${holder}`),
    ...httpFaults.map(({ holder, fault }) => `${fault?.kind ?? 'a pause'} of its requests by ${holder}`),
  ];
}

/** The toxics of a proxy, and whether it listens. */
export async function surveyToxiproxy(
  target: TargetOf<'toxiproxy'>,
  _name: string,
  { fetch }: SurveyDeps,
): Promise<string[]> {
  const state = await new ToxiproxyClient(target, fetch).state();
  if (!state) return ['there is no such proxy'];
  return [
    ...state.toxics.map(({ name, type, stream }) => `toxic ${name} (${type}, ${stream})`),
    ...(state.enabled ? [] : ['the proxy is disabled']),
  ];
}

/** Who has made a device silent. */
export async function surveyDevice(
  target: TargetOf<'device'>,
  _name: string,
  { fetch }: SurveyDeps,
): Promise<string[]> {
  const { silenced } = await new GatewayClient(target, fetch).state();
  return silenced ? [`made silent by ${silenced.holder}`] : [];
}

/** Which versions a router serves. */
export async function surveyRelease(
  target: TargetOf<'release'>,
  _name: string,
  { fetch }: SurveyDeps,
): Promise<string[]> {
  const { stable, candidate } = await new RouterClient(target, fetch).state();
  return [
    `stable version ${stable.version}`,
    ...(candidate ? [`version ${candidate.version} on trial by ${candidate.holder ?? 'somebody'}`] : []),
  ];
}
