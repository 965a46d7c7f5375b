import { readdir } from 'node:fs/promises';
import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, it } from 'vitest';
import { buildDashboards, renderDashboards } from './render.ts';

const golden = new URL('golden/', import.meta.url);
const panelsOf = ({ panels = [] }: { panels?: (Panel | RowPanel)[] }) => panels;

describe('the rendered dashboards', () => {
  // After a change that is meant: `npx vitest run dashboards -u`, and read the difference.
  it.each(renderDashboards().map(({ file, json }) => [file, json]))(
    '%s is what was committed',
    async (file, json) => {
      await expect(json).toMatchFileSnapshot(new URL(file, golden).pathname);
    },
  );

  it('are all that was committed, and the same bytes each time', async () => {
    expect((await readdir(golden)).toSorted()).toEqual(
      renderDashboards()
        .map(({ file }) => file)
        .toSorted(),
    );
    expect(renderDashboards()).toEqual(renderDashboards());
  });
});

describe.each(buildDashboards().map((dashboard) => [dashboard.title, dashboard] as const))(
  '%s',
  (_, dashboard) => {
    it('gives every panel an id of its own, and every query of a panel a letter of its own', () => {
      const ids = panelsOf(dashboard).map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const panel of panelsOf(dashboard)) {
        const letters = ('targets' in panel ? (panel.targets ?? []) : []).map(
          (target) => (target as { refId?: string }).refId,
        );
        expect(new Set(letters).size).toBe(letters.length);
        expect(letters).not.toContain(undefined);
      }
    });

    it('fills the grid without overlapping: the panels of each row make up its whole width', () => {
      const widths = new Map<number, number>();
      for (const { gridPos } of panelsOf(dashboard))
        if (gridPos) widths.set(gridPos.y, (widths.get(gridPos.y) ?? 0) + gridPos.w);
      expect([...widths.values()].every((width) => width === 24)).toBe(true);
    });

    it('says of every panel what it shows', () => {
      for (const panel of panelsOf(dashboard))
        if (panel.type !== 'row')
          expect('description' in panel && panel.description, panel.title ?? '').toMatch(/\.$/);
    });
  },
);
