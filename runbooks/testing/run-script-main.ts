import { script } from '../steps/script.ts';
import { stepWorld } from './step-world.ts';

/*
 * A process that is there to be killed while it runs a script.
 * Arguments: the folder for scripts, and the name of the file.
 */
const [scripts = '', file = ''] = process.argv.slice(2);
await script.run(script.params.parse({ file }), stepWorld({}, { scripts }), AbortSignal.timeout(60_000));
