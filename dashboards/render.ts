import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { andonBoard } from './andon-board.ts';
import { drillDashboard } from './drill.ts';

/** One dashboard as Grafana's provisioning reads it. */
export interface RenderedDashboard {
  /** File name, without a folder. */
  file: string;
  json: string;
}

/** Every dashboard that ships, by its uid; built anew each time, because builders hand out their inside. */
export const buildDashboards = (): Dashboard[] => [andonBoard(), drillDashboard()];

/** Every dashboard as a file; the same bytes each time. */
export const renderDashboards = (): RenderedDashboard[] =>
  buildDashboards().map((dashboard) => ({
    file: `${dashboard.uid}.json`,
    json: `${JSON.stringify(dashboard, undefined, 2)}\n`,
  }));
