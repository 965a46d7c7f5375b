import { afterAll, beforeAll, describe, test } from 'vitest';
import { type KillCase, KillRange, killRounds } from '../testing/kill-range.ts';
import { engineOf } from './db/engine.ts';
import { type DatabasePlace, databaseKinds, startDatabase } from './db/testing/database-place.ts';

/** More than any of these faults opens at its default rate. */
const seats = 9;

describe.each(databaseKinds)('A runner on %s that is killed', (kind) => {
  const stack = new AsyncDisposableStack();
  let place: DatabasePlace;
  let range: KillRange;

  beforeAll(async () => {
    place = stack.use(await startDatabase(kind));
    await place.query('CREATE TABLE orders (id int PRIMARY KEY)');
    await place.query(`INSERT INTO orders VALUES (1), (2), (3)`);
    await place.query('CREATE TABLE fought_over (id int PRIMARY KEY)');
    await place.query('INSERT INTO fought_over VALUES (1), (2), (3)');
    range = stack.use(new KillRange(place.targets));
  });
  afterAll(() => stack.disposeAsync());

  /** Whether any session of the run is there: none of them outlives its transaction or its locks. */
  const present = async (run: string) =>
    (await engineOf({ target: place.target, run, seats }).ownSessions()).length > 0;
  const caseOf = (fault: string, wish: object): KillCase => ({
    doom: { kind: fault, target: 'mes-db', with: wish },
    present,
  });
  const cases = [
    caseOf('db.lock', { relation: 'orders' }),
    caseOf('db.deadlocks', { relation: 'fought_over' }),
    caseOf('db.long-transaction', {}),
  ];

  test.concurrent.each(cases)(
    'leaves no $doom.kind within 5 s, whenever it dies',
    (fault) => range.killAll(fault),
    killRounds * 60_000,
  );

  test.concurrent.each(cases)(
    'as if frozen, its watchdog dead: the server ends $doom.kind by its lease',
    (fault) => range.killWatchdogToo(fault, 'SIGSTOP'),
    60_000,
  );
});
