import { spawn } from 'node:child_process';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';

/**
 * A service for tests: it writes its pid file, answers HTTP with its pid and has a child. It ends with the folder of its pid file,
 * so that no test leaves one. As `slow` it takes a while to stop; as `stubborn` it does not stop when asked.
 */
const [, , pidFile = '', port = '', manner = ''] = process.argv;
// Ends with its standard input, so that a service that is killed leaves none.
const child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
const end = (code: number) => {
  child.kill('SIGKILL');
  process.exit(code);
};
process.on('SIGTERM', () => {
  if (manner === 'slow') setTimeout(() => end(0), 1500);
  else if (manner !== 'stubborn') end(0);
});
setInterval(() => {
  if (!existsSync(path.dirname(pidFile))) end(0);
}, 200);
createServer((_request, response) => response.end(String(process.pid))).listen(
  Number(port),
  '127.0.0.1',
  () => {
    writeFileSync(`${pidFile}.new`, `${process.pid}\n`);
    renameSync(`${pidFile}.new`, pidFile);
  },
);
