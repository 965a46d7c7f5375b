import { runProcess } from '../run-process.ts';
import { operatorsSettingsSchema } from '../settings.ts';
import { startOperators } from './operators.ts';

await runProcess('operators', operatorsSettingsSchema, startOperators);
