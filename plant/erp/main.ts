import { runProcess } from '../run-process.ts';
import { erpSettingsSchema } from '../settings.ts';
import { startErp } from './erp.ts';

await runProcess('erp', erpSettingsSchema, startErp);
