import pg from 'pg';
import { silentLog } from '../kit/log.ts';
import { TcpLink } from './proxy/tcp-link.ts';
import { startTestPostgres } from './testing/postgres.ts';

await using server = await startTestPostgres();
const up = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
await using link = await TcpLink.open({ host: '127.0.0.1', port: 0 }, up, silentLog);
const url = server.url.replace(String(up.port), String(link.listen.port));
const gentle = process.argv[2] !== 'rough';
link.cut('drop');
const ghosts = 600;
for (let i = 0; i < ghosts; i++) {
  const c = new pg.Client({ connectionString: url, connectionTimeoutMillis: 300 });
  c.on('error', () => {});
  await Promise.race([c.connect().catch(() => {}), new Promise((r) => setTimeout(r, 2))]);
}
await new Promise((r) => setTimeout(r, 600));
console.log('waiting', link.connections);
const live = Array.from({ length: 20 }, () => {
  const c = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  c.on('error', () => {});
  return c
    .connect()
    .then(() => c.query('select 1'))
    .then(
      () => {
        c.end();
        return 'ok';
      },
      (e) => e.message,
    );
});
await new Promise((r) => setTimeout(r, 100));
if (!gentle) {
  /* all at once */
}
const t = Date.now();
link.heal();
const fresh = (async () => {
  const r = [];
  for (let i = 0; i < 20; i++) {
    const c = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
    c.on('error', () => {});
    r.push(
      await c
        .connect()
        .then(() => c.query('select 1'))
        .then(
          () => {
            c.end();
            return 'ok';
          },
          (e) => e.message,
        ),
    );
  }
  return r;
})();
console.log(await Promise.all(live), await fresh, Date.now() - t, 'ms; left', link.connections);
let n = 0;
while (link.connections > 0 && n++ < 100) await new Promise((r) => setTimeout(r, 50));
console.log(Date.now() - t, 'ms; left', link.connections);
