import type { Expectations, Facts } from '../expectations.ts';
import { list } from '../numbers.ts';
import type { Finding } from '../schema.ts';

type Advice = Pick<Finding, 'cause' | 'fix'>;

/** What most often lets a plant suffer under one family of faults, and what is done about it. First match wins. */
const advices: [RegExp, Advice][] = [
  [
    /^http\./,
    {
      cause:
        'The plant waits for the third party inside its own work: in a request, or in a transaction that holds a connection.',
      fix: 'Write down what the third party must do (outbox), answer at once, and let a relay ask it aside, with a time limit for each call and a retry.',
    },
  ],
  [
    /^queue\.|^process\..* on .*(queue|rabbit|broker)/,
    {
      cause: 'Somebody publishes inside the request of an operator, and waits for the broker there.',
      fix: 'Write the event with the work in one transaction (outbox), answer, and publish aside with confirms.',
    },
  ],
  [
    /^db\.connections/,
    {
      cause: 'The plant opens a connection when it needs one, and finds none.',
      fix: 'Keep a pool open, and reserve connections for the plant’s role and for its monitoring (reserved_connections, CONNECTION LIMIT for reporting tools).',
    },
  ],
  [
    /^db\./,
    {
      cause: 'Each operation waits for the database, and keeps a connection of the pool while it waits.',
      fix: 'Give statements and lock waits a limit far below that of the people waiting, and take the gateway’s journal as the answer to the line.',
    },
  ],
  [
    /^network\.|^line\./,
    {
      cause: 'Each operation makes several trips over that way, and whoever waits keeps a connection busy.',
      fix: 'Make fewer trips (one statement, one transaction), set time limits, and enlarge the pool by what the longer trips need.',
    },
  ],
  [
    /^host\./,
    {
      cause: 'The plant has no room of its own on this computer.',
      fix: 'Give it a share that nobody else gets (systemd CPUWeight and MemoryMin, a volume of its own), and move backups and scans to another time.',
    },
  ],
];

const otherwise: Advice = {
  cause: 'What was broken is needed for every operation.',
  fix: 'Look in the plots which figure moved first, and let the plant do without what was broken for as long as the drill lasts.',
};

/** Probes that had to hold while the fault was in, and did not. */
export function steadyDuringFindings(
  { hypothesis, faults }: Facts,
  { holds_during }: Expectations,
): Finding[] {
  const missed = hypothesis.during.filter(({ ok }) => !ok);
  if (holds_during !== true || missed.length === 0) return [];
  const said = missed.map(
    ({ name, value, expect }) => `“${name}” was ${value ?? 'unknown'} at worst (expected ${expect})`,
  );
  const broken = faults.map(({ kind, target }) => `${kind} on ${target}`);
  const [, advice = otherwise] = advices.find(([family]) => broken.some((text) => family.test(text))) ?? [];
  return [
    {
      severity: 'critical',
      text: `The plant did not carry ${list(broken)}: ${list(said)}.`,
      ...advice,
    },
  ];
}
