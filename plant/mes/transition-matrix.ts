import { commands, type State, states, transitionFor } from './transitions.ts';

/** The table as a document: from → to, by command; neighbours with the same row share a line. */
export function transitionMatrix(): string {
  const rows: { from: State[]; cells: string }[] = [];
  for (const from of states) {
    const cells = commands.map((command) => transitionFor(command, from)?.to ?? '–').join(' | ');
    const last = rows.at(-1);
    if (last?.cells === cells) last.from.push(from);
    else rows.push({ from: [from], cells });
  }
  return [
    `| From | ${commands.join(' | ')} |`,
    `|${'---|'.repeat(commands.length + 1)}`,
    ...rows.map(({ from, cells }) => `| ${from.join(', ')} | ${cells} |`),
  ].join('\n');
}
