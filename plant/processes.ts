import { tmpdir } from 'node:os';
import path from 'node:path';
import type { z } from 'zod';
import { modulePath } from '../kit/module-path.ts';
import {
  edgeSettingsSchema,
  erpSettingsSchema,
  esignSettingsSchema,
  mesSettingsSchema,
  operatorsSettingsSchema,
  routerSettingsSchema,
  wmsSettingsSchema,
} from './settings.ts';

const main = (name: string): string => modulePath(import.meta.url, `./${name}/main`);

/** The programs of the plant: each is started as `node <nodeArguments> <module> <settings.json>`; `edge` once per line. */
export const plantPrograms = {
  mes: { module: main('mes'), settings: mesSettingsSchema },
  erp: { module: main('erp'), settings: erpSettingsSchema },
  wms: { module: main('wms'), settings: wmsSettingsSchema },
  esign: { module: main('esign'), settings: esignSettingsSchema },
  edge: { module: main('edge'), settings: edgeSettingsSchema },
  operators: { module: main('operators'), settings: operatorsSettingsSchema },
  router: { module: main('router'), settings: routerSettingsSchema },
};

export type PlantProgram = keyof typeof plantPrograms;

/** What a settings file of this program may hold; what has a default may be left out. */
export type SettingsFile<P extends PlantProgram> = z.input<(typeof plantPrograms)[P]['settings']>;

/** Small heaps: the plant shares its computer with everything that watches and breaks it. */
export const nodeArguments: readonly string[] = ['--max-semi-space-size=1', '--max-old-space-size=96'];

/** With its types stripped from a cache that outlives it, a process never loads the stripper: some 16 MB less each. */
export const plantEnvironment = (
  cacheFolder = path.join(tmpdir(), 'andon-compile-cache'),
): Record<string, string> => ({ NODE_COMPILE_CACHE: cacheFolder });
