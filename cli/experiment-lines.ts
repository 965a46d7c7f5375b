import type { ExperimentEvent } from '../drills/chaostoolkit/events.ts';

/** One line for a person; undefined for what only the journal keeps. */
export function experimentLine(event: ExperimentEvent): string | undefined {
  switch (event.type) {
    case 'experiment-started':
      return `▶ ${event.title}${event.dry === null ? '' : ` (dry: ${event.dry})`}`;
    case 'note':
      return `    note: ${event.text}`;
    case 'activity-started':
      return `  ${event.place}: ${event.kind} ${event.name}${event.background ? ' (in the background)' : ''}`;
    case 'activity-finished':
      return event.run.status === 'failed'
        ? `    ✗ ${event.name}: ${event.run.exception?.join(' ').trim() ?? 'failed'}`
        : `    · ${event.name}: ${event.run.duration ?? 0} s`;
    case 'hypothesis':
      return event.met
        ? `    ✓ ${event.place}: the steady state is met`
        : `    ✗ ${event.place}: the steady state is missed by ${event.probe}`;
    case 'rollbacks':
      return event.played ? '  rollbacks' : `    note: rollbacks are not played: ${event.why}`;
    case 'experiment-finished':
      return `■ ${event.status}${event.deviated ? ', deviated' : ''}${event.reasons.map((reason) => `\n    - ${reason}`).join('')}`;
  }
}
