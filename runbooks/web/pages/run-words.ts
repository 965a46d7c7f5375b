import { type Html, html } from '../../../kit/safe-html.ts';
import type { RunState, RunStep } from '../../store/run.ts';

type Tone = 'good' | 'bad' | 'hurt' | 'now' | 'asks' | '';

const tones: Record<RunState | RunStep['outcome'], Tone> = {
  'awaiting-approval': 'asks',
  waiting: '',
  running: 'now',
  succeeded: 'good',
  'not-needed': '',
  failed: 'bad',
  'handed-off': 'bad',
  interrupted: 'bad',
  compensated: 'hurt',
  refused: 'hurt',
  held: 'hurt',
};

const words: Partial<Record<RunState, string>> = {
  'awaiting-approval': 'asks for approval',
  waiting: 'waits for its turn',
  'handed-off': 'handed to a person',
  'not-needed': 'not needed',
  compensated: 'taken back',
  held: 'held',
};

export const toneOf = (state: RunState | RunStep['outcome']): Tone => tones[state];

/** How a run or a step stands, as a word with a colour. */
export const stateChip = (state: RunState | RunStep['outcome']): Html =>
  html`<span class="state ${toneOf(state)}">${words[state as RunState] ?? state}</span>`;
