import { expect, test } from 'vitest';
import { messageOf, UnavailableError } from './errors.ts';

test('A cause is told after what it caused, and only once where the message repeats it.', () => {
  const refused = new Error('connect ECONNREFUSED 127.0.0.1:1');
  const session = new Error(`PostgreSQL at db: ${refused.message}`, { cause: refused });
  expect(messageOf(session)).toBe('PostgreSQL at db: connect ECONNREFUSED 127.0.0.1:1');
  const target = new UnavailableError('x', `mes-db does not answer: ${messageOf(session)}`, {
    cause: session,
  });
  expect(messageOf(target)).toBe(
    'mes-db does not answer: PostgreSQL at db: connect ECONNREFUSED 127.0.0.1:1',
  );
  expect(messageOf(new Error('fetch failed', { cause: refused }))).toBe(
    'fetch failed: connect ECONNREFUSED 127.0.0.1:1',
  );
  expect(messageOf(new AggregateError([refused, 'gone']))).toBe('connect ECONNREFUSED 127.0.0.1:1; gone');
});
