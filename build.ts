import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** Makes dist/ for publishing: Node does not strip types inside node_modules, so the installed package needs JavaScript. */
rmSync('dist', { recursive: true, force: true });
const rooms = [
  'kit',
  'exporters',
  'alerts',
  'dashboards',
  'runbooks',
  'loadtests',
  'drills',
  'plant',
  'lab',
  'config',
  'cli',
];
const project = {
  extends: './tsconfig.json',
  compilerOptions: { noEmit: false, outDir: 'dist', rootDir: '.', declaration: false },
  include: rooms.map((room) => `${room}/**/*.ts`),
  exclude: ['**/*.test.ts', '**/testing/**'],
};
writeFileSync('tsconfig.build.json', JSON.stringify(project));
try {
  const tsc = path.join(
    path.dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  );
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
} finally {
  rmSync('tsconfig.build.json');
}
// What is read at run time and is no module: catalogues, the k6 script, schemas.
for (const file of globSync(
  rooms.flatMap((room) => [`${room}/**/*.{yaml,yml,schema.json}`, `${room}/k6/go.*`]),
)) {
  if (!file.includes('testdata')) cpSync(file, path.join('dist', file));
}
const bin = 'dist/cli/bin.js';
if (!readFileSync(bin, 'utf8').startsWith('#!')) throw new Error(`${bin} has lost its first line`);
chmodSync(bin, 0o755);
