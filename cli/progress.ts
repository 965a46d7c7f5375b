import type { JournalEvent } from '../drills/journal.ts';
import type { CommonOptions, Output } from './context.ts';

/** Shows the events of a drill as they come: NDJSON, plain lines, or lines with a live status below them on a terminal. */
export interface Progress extends Disposable {
  event(drill: string, event: JournalEvent): void;
  line(text: string): void;
}

export function makeProgress(
  out: { stdout: Output; stderr: Output },
  options: CommonOptions,
  now: () => number,
): Progress {
  if (options.json) return jsonProgress(out.stdout);
  if (options.quiet) return { event() {}, line() {}, [Symbol.dispose]() {} };
  return lineProgress(out.stderr, options.color !== false && out.stderr.isTTY === true, now);
}

function jsonProgress(stdout: Output): Progress {
  return {
    event: (drill, event) => stdout.write(`${JSON.stringify({ drill, ...event })}\n`),
    line() {},
    [Symbol.dispose]() {},
  };
}

function lineProgress(stream: Output, live: boolean, now: () => number): Progress {
  const startedAt = now();
  let stage = { name: '', at: startedAt, plannedMs: 0 };
  const erase = () => live && stream.write('\r\u001b[2K');
  const status = () => {
    if (!live || stage.name === '') return;
    const elapsed = Math.round((now() - stage.at) / 1000);
    const planned = stage.plannedMs > 0 ? ` of at most ${Math.round(stage.plannedMs / 1000)} s` : ' s';
    stream.write(`\r\u001b[2K  … ${stage.name}, ${elapsed}${planned}`);
  };
  const line = (text: string) => {
    erase();
    stream.write(`${text}\n`);
    status();
  };
  const timer = live ? setInterval(status, 1000) : undefined;
  timer?.unref();
  return {
    line,
    event(_drill, event) {
      if (event.type === 'stage') stage = { name: event.name, at: now(), plannedMs: event.plannedMs };
      if (event.type === 'run-finished') stage = { ...stage, name: '' };
      const text = describe(event);
      if (text !== undefined) line(`${seconds(now() - startedAt)}  ${text}`);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      erase();
    },
  };
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`.padStart(8);

/** One line for a person; undefined for what only the journal keeps. */
function describe(event: JournalEvent): string | undefined {
  switch (event.type) {
    case 'run-started':
      return `▶ ${event.drill.title} (${event.run})`;
    case 'stage':
      return `  ${event.name}`;
    case 'note':
      return `    note: ${event.text}`;
    case 'hypothesis':
      return event.results
        .map(
          ({ name, value, expect, ok }) =>
            `    ${ok ? '✓' : '✗'} ${event.phase}: ${name} = ${value ?? 'no answer'} (${expect})`,
        )
        .join('\n');
    case 'fault-injected':
      return `    fault in: ${event.kind} on ${event.target}`;
    case 'fault-lifted':
      return `    fault out: ${event.kind} on ${event.target}, by ${event.by}; it touched ${event.touched}`;
    case 'fault-residue':
      return event.residue.length === 0 ? undefined : `    LEFT BEHIND: ${event.residue.join('; ')}`;
    case 'alert':
      return `    alert ${event.alert} (${event.tier}) ${event.transition}`;
    case 'guardrail':
      return `    guardrail tripped: ${event.name} = ${event.value}`;
    case 'recovery':
      return `    recovered after ${event.recovery.seconds ?? '—'} s (limit ${event.recovery.limitSeconds} s)`;
    case 'production': {
      const { acknowledged, lost, duplicated, stale } = event.production;
      return `    production: ${acknowledged} acknowledged, ${lost} lost, ${duplicated} duplicated, ${stale} stale`;
    }
    case 'proof':
      return event.delivered ? `    runbook ${event.runbook}: ${event.text}` : `    WARNING: ${event.text}`;
    case 'error':
      return `    ${event.message}${event.mend === undefined ? '' : `\n    ${event.mend}`}`;
    case 'run-finished':
      return `■ ${event.verdict}${event.reasons.map((reason) => `\n    - ${reason}`).join('')}`;
    default:
      return undefined;
  }
}
