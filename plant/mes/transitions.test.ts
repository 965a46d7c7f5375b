import { describe, expect, it } from 'vitest';
import { transitionMatrix } from './transition-matrix.ts';
import { commands, states, transitionFor, transitions } from './transitions.ts';

/** Copied from the plant's reference, cell by cell: the table must not drift from it. */
const reference = `
| From | dispatch | revoke | start | pause | resume | return | complete | qc_pass | qc_fail | abort |
|---|---|---|---|---|---|---|---|---|---|---|
| created | dispatched | – | – | – | – | – | – | – | – | aborted |
| dispatched | – | created | running | – | – | returned | – | – | – | aborted |
| running | – | – | – | paused | – | returned | completed | – | – | aborted |
| paused | – | – | – | – | running | returned | – | – | – | aborted |
| completed | – | – | – | – | – | – | – | closed | returned | aborted |
| returned | dispatched | – | – | – | – | – | – | – | – | aborted |
| closed, aborted | – | – | – | – | – | – | – | – | – | – |`.trim();

const cells = reference
  .split('\n')
  .slice(2)
  .flatMap((line) => {
    const [from = '', ...to] = line.split('|').slice(1, -1);
    return from.split(',').flatMap((state) =>
      commands.map((command, column) => ({
        state: state.trim(),
        command,
        becomes: to[column]?.trim() ?? 'missing',
      })),
    );
  });

describe('The transition table', () => {
  it('renders as the matrix of the reference.', () => {
    expect(transitionMatrix()).toBe(reference);
  });

  it('covers every pair of state and command.', () => {
    expect(cells).toHaveLength(states.length * commands.length);
  });

  it.each(cells)(
    'says that $command of an order that is $state becomes: $becomes.',
    ({ state, command, becomes }) => {
      const known = states.find((candidate) => candidate === state);
      if (known === undefined) throw new Error(`the reference has the unknown state ${state}`);
      expect(transitionFor(command, known)?.to ?? '–').toBe(becomes);
    },
  );

  it('has one row a command, so that a role may do a command or may not.', () => {
    expect(transitions.map(({ command }) => command)).toEqual([...commands]);
  });

  it('frees the work unit whenever the order leaves it, and counts rework only when quality fails.', () => {
    const leaves = transitions.filter(({ to }) => !['dispatched', 'running', 'paused'].includes(to));
    expect(leaves.filter(({ unit }) => unit === 'takes')).toEqual([]);
    expect(leaves.filter(({ unit }) => unit === 'keeps').map(({ command }) => command)).toEqual(['qc_pass']);
    expect(transitions.filter(({ rework }) => rework === 1).map(({ command }) => command)).toEqual([
      'qc_fail',
    ]);
  });
});
