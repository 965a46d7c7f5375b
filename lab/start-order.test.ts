import { expect, test } from 'vitest';
import { StartOrder } from './start-order.ts';

const never = new AbortController().signal;

/** A service whose start ends when the test says so, and which notes when it is stopped. */
function fakeService(stopped: string[], name: string) {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const service = { [Symbol.asyncDispose]: async () => void stopped.push(name) };
  return { start: () => promise.then(() => service), ready: resolve, fail: reject };
}

function newOrder(signal = never) {
  const stack = new AsyncDisposableStack();
  const seen: string[] = [];
  const order = new StartOrder({
    signal,
    stack,
    onProgress: (one) => seen.push(`${one.service} ${one.state}`),
  });
  return { order, stack, seen };
}

test('A service starts when all that it needs is ready, and everything stops in reverse.', async () => {
  const stopped: string[] = [];
  const { order, stack, seen } = newOrder();
  const [database, links, mes] = ['database', 'links', 'mes'].map((name) => fakeService(stopped, name));
  if (!database || !links || !mes) throw new Error('three services');
  const needs = [order.add('database', [], database.start), order.add('links', [], links.start)];
  order.add('mes', needs, mes.start);
  links.ready();
  await needs[1];
  expect(seen).toEqual(['database starting', 'links starting', 'links ready']);
  database.ready();
  mes.ready();
  await order.allReady();
  expect(seen.slice(3)).toEqual(['database ready', 'mes starting', 'mes ready']);
  await stack.disposeAsync();
  expect(stopped).toEqual(['mes', 'database', 'links']);
});

test('The first failure is told, what needs it never starts, and the others are asked to give up.', async () => {
  const stopped: string[] = [];
  const { order, stack, seen } = newOrder();
  const [broken, slow] = [fakeService(stopped, 'broken'), fakeService(stopped, 'slow')];
  order.add('needs it', [order.add('broken', [], broken.start)], fakeService(stopped, 'needs it').start);
  order.add('slow', [], slow.start);
  order.signal.addEventListener('abort', () => slow.fail(order.signal.reason));
  broken.fail(new Error('the disk is full'));
  await expect(order.allReady()).rejects.toThrow('the disk is full');
  expect(seen).toEqual(['broken starting', 'slow starting']);
  await stack.disposeAsync();
  expect(stopped).toEqual([]);
});

test('When it is stopped from outside, nothing else is started.', async () => {
  const outside = new AbortController();
  const stopped: string[] = [];
  const { order, seen } = newOrder(outside.signal);
  const first = fakeService(stopped, 'first');
  order.add('second', [order.add('first', [], first.start)], fakeService(stopped, 'second').start);
  await Promise.resolve();
  outside.abort(new Error('Ctrl-C'));
  first.ready();
  await expect(order.allReady()).rejects.toThrow('Ctrl-C');
  expect(seen).toEqual(['first starting', 'first ready']);
});
