import { runProcess } from '../run-process.ts';
import { mesSettingsSchema } from '../settings.ts';
import { startMes } from './mes.ts';

await runProcess('mes', mesSettingsSchema, startMes);
