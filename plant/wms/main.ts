import { runProcess } from '../run-process.ts';
import { wmsSettingsSchema } from '../settings.ts';
import { startWms } from './wms.ts';

await runProcess('wms', wmsSettingsSchema, startWms);
