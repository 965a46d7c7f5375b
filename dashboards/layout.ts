import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import {
  AnnotationQueryBuilder,
  AnnotationTargetBuilder,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { metrics } from '../exporters/catalogue.ts';
import { dataSource, type PanelSpec } from './panel.ts';

const gridColumns = 24;

/** One heading with its panels, which share the width equally. Two, three or four: these divide the grid. */
export interface Section {
  title: string;
  panels: readonly PanelSpec[];
}

export interface DashboardText {
  uid: string;
  title: string;
  description: string;
  /** How far back it looks at first: `now-1h`. */
  from: string;
}

/** The variables of every dashboard, and the metric whose targets each of them lists. */
const targetVariables = [
  { name: 'mes', label: 'MES', metric: metrics.up },
  { name: 'database', label: 'Database', metric: metrics.dbUp },
  { name: 'broker', label: 'Broker', metric: metrics.queueReady },
];

/** A dashboard in the look of all: variables, drill marks, links to the others, and the sections one below the other. */
export function layOut(text: DashboardText, sections: readonly Section[]): DashboardBuilder {
  const dashboard = new DashboardBuilder(text.title)
    .uid(text.uid)
    .description(text.description)
    .tags(['andon'])
    .readonly()
    .time({ from: text.from, to: 'now' })
    .refresh('5s')
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(dashboardLinks())
    .annotation(drillMarks())
    .withVariable(new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'));
  for (const { name, label, metric } of targetVariables)
    dashboard.withVariable(
      new QueryVariableBuilder(name)
        .label(label)
        .datasource(dataSource)
        .query(`label_values(${metric.name}, target)`)
        .multi(true)
        .includeAll(true)
        .allValue('.+')
        .current({ text: 'All', value: '$__all' })
        .refresh(VariableRefresh.OnTimeRangeChanged),
    );
  return addSections(dashboard, sections);
}

// Ids count through the whole dashboard: the builder gives none, and Grafana needs each to be its own.
function addSections(dashboard: DashboardBuilder, sections: readonly Section[]): DashboardBuilder {
  let id = 0;
  for (const { title, panels } of sections) {
    dashboard.withRow(new RowBuilder(title).id(++id));
    for (const panel of panels) dashboard.withPanel(panel(++id, gridColumns / panels.length));
  }
  return dashboard;
}

const dashboardLinks = () =>
  new DashboardLinkBuilder('Andon')
    .type(DashboardLinkType.Dashboards)
    .tags(['andon'])
    .asDropdown(true)
    .keepTime(true)
    .includeVars(true);

const drillMarks = () =>
  new AnnotationQueryBuilder()
    .name('Drills')
    .enable(true)
    .iconColor('purple')
    .datasource({ type: 'grafana', uid: '-- Grafana --' })
    .target(drillTarget);

// The SDK's own target builder does not fit here: it lacks the mark of a query.
const drillTarget: Builder<Dataquery> = {
  build: () => ({
    _implementsDataqueryVariant() {},
    ...new AnnotationTargetBuilder().type('tags').tags(['drill']).matchAny(false).limit(100).build(),
  }),
};
