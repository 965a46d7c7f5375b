import { runProcess } from '../run-process.ts';
import { esignSettingsSchema } from '../settings.ts';
import { startEsign } from './esign.ts';

await runProcess('esign', esignSettingsSchema, startEsign);
