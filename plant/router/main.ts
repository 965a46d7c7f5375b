import { runProcess } from '../run-process.ts';
import { routerSettingsSchema } from '../settings.ts';
import { startRouter } from './router.ts';

await runProcess('router', routerSettingsSchema, startRouter);
