/** The colours of reports, for style sheets and drawings alike. */
export const palette = {
  green: '#1b7a4b',
  red: '#b3261e',
  amber: '#b86e00',
  blue: '#1f5fa8',
  violet: '#6a4fa3',
  lilac: '#c3b4e3',
} as const;

export const ink = {
  text: '#17212b',
  muted: '#5b6875',
  line: '#cfd7df',
  faint: '#e9edf1',
  paper: '#ffffff',
  ground: '#f4f6f8',
} as const;
