import { runProcess } from '../run-process.ts';
import { edgeSettingsSchema } from '../settings.ts';
import { startGateway } from './gateway.ts';

await runProcess('edge', edgeSettingsSchema, startGateway);
