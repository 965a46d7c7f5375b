import { messageOf } from '../../kit/errors.ts';
import type { TargetKind, TargetOf } from '../../kit/targets.ts';
import type { NamedTarget } from '../fault.ts';
import { surveyAddress } from './address.ts';
import { surveyDevice, surveyLink, surveyRelease, surveyToxiproxy } from './controls.ts';
import { surveyDatabase } from './databases.ts';
import { surveyHost, surveyService } from './processes.ts';
import { surveyQueue } from './queue.ts';

/** What a survey reaches the world through. */
export interface SurveyDeps {
  fetch: typeof fetch;
  /** Whose processes on this computer count, as other drills may be at work on it for other plants; everybody's when left out. */
  run?: string | undefined;
}

/**
 * Describes in sentences what of a target a drill could leave changed: sessions, locks and settings, what proxies and gateways hold,
 * firewall tables, paused and marked processes. The same state gives the same sentences.
 */
export type Surveyor<K extends TargetKind> = (
  target: TargetOf<K>,
  name: string,
  deps: SurveyDeps,
) => Promise<string[]>;

const surveyors: { [K in TargetKind]?: Surveyor<K> } = {
  postgres: surveyDatabase,
  mysql: surveyDatabase,
  rabbitmq: surveyQueue,
  link: surveyLink,
  toxiproxy: surveyToxiproxy,
  address: surveyAddress,
  process: surveyService,
  container: surveyService,
  host: surveyHost,
  device: surveyDevice,
  release: surveyRelease,
};

/** What is there now on each of these targets; what cannot be asked is a sentence too. */
export async function survey(targets: readonly NamedTarget[], deps: SurveyDeps): Promise<string[]> {
  const all = await Promise.all(targets.map((target) => surveyOne(target, deps)));
  return all.flat();
}

async function surveyOne({ name, target }: NamedTarget, deps: SurveyDeps): Promise<string[]> {
  const surveyor = surveyors[target.kind] as Surveyor<TargetKind> | undefined;
  try {
    return ((await surveyor?.(target, name, deps)) ?? []).map((text) => `${name}: ${text}`);
  } catch (error) {
    return [`${name}: what is left there cannot be told: ${messageOf(error)}`];
  }
}

/** What was not there before, counting how often a sentence is said. */
export function newSince(before: readonly string[], after: readonly string[]): string[] {
  const left = [...before];
  return after.filter((text) => {
    const index = left.indexOf(text);
    if (index !== -1) left.splice(index, 1);
    return index === -1;
  });
}
