import { expect, it } from 'vitest';
import { targetsSchema } from '../../kit/targets.ts';
import { mysqlProblems } from './mysql-problems.ts';

it('A URL of MySQL that is not understood is refused where it stands, and the others are not.', () => {
  const targets = targetsSchema.parse({
    'mes-db': { kind: 'mysql', url: 'mysql://a:secret@db/mes?ssl=true', admin_url: 'mysql://db/%E0%A4%A' },
    'erp-db': { kind: 'mysql', url: 'mariadb://a:b@db/erp?ssl-mode=verify-identity&ssl-ca=/etc/ca.pem' },
    'wms-db': { kind: 'postgres', url: 'postgres://db/wms?sslmode=require' },
  });
  expect(mysqlProblems(targets)).toEqual([
    { path: ['targets', 'mes-db', 'url'], message: 'unknown parameter "ssl"; known are ssl-mode, ssl-ca' },
    { path: ['targets', 'mes-db', 'admin_url'], message: 'URI malformed' },
  ]);
});
