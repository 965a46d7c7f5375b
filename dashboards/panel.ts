import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import {
  type DataSourceRef,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  VisibilityMode,
  VizLegendOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  FieldColorBuilder,
  FieldColorModeId,
  MappingType,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { bad, good } from './palette.ts';

/** The data source that the dashboard's own variable chooses. */
export const dataSource: DataSourceRef = { type: 'prometheus', uid: '$' + '{datasource}' };

/** One line of a panel: an expression, and how its series are named. */
export interface Query {
  expr: string;
  legend: string;
  /** A colour of its own from this value on; below it the good one. */
  colorFromOne?: string;
}

export interface PanelText {
  title: string;
  /** One sentence: what is seen, and what would be wrong. */
  description: string;
}

/** A panel without a place yet: the layout gives it its id and its width. */
export type PanelSpec = (id: number, span: number) => Builder<Panel>;

export const panelHeight = 8;

// Without a refId of their own all queries of a panel are the same query to Grafana.
const refId = (index: number) => String.fromCharCode('A'.charCodeAt(0) + index);

const target = ({ expr, legend }: Query, index: number) =>
  new DataqueryBuilder().refId(refId(index)).datasource(dataSource).expr(expr).legendFormat(legend).range();

const goodUntil = (value: number, color: string) =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps([
    { value: null, color: good },
    { value, color },
  ]);

/** Curves over time, with the last and the highest value in the legend. */
export function timeSeries(
  { title, description }: PanelText,
  unit: string,
  queries: readonly Query[],
  limits: { min?: number; max?: number; warnAt?: number } = {},
): PanelSpec {
  return (id, span) => {
    const panel = new TimeSeries().id(id).title(title).description(description).datasource(dataSource);
    panel
      .unit(unit)
      .span(span)
      .height(panelHeight)
      .min(limits.min ?? 0);
    if (limits.max !== undefined) panel.max(limits.max);
    if (limits.warnAt !== undefined)
      panel
        .thresholds(goodUntil(limits.warnAt, bad))
        .thresholdsStyle(new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed));
    panel
      .fillOpacity(8)
      .showPoints(VisibilityMode.Never)
      .legend(
        new VizLegendOptionsBuilder()
          .showLegend(true)
          .displayMode(LegendDisplayMode.Table)
          .placement(LegendPlacement.Bottom)
          .calcs(['lastNotNull', 'max']),
      );
    return panel.targets(queries.map(target));
  };
}

/** Coloured bands over time: 0 and 1 as words, or a count that turns colour at one. */
export function stateTimeline(
  { title, description }: PanelText,
  queries: readonly Query[],
  mappings?: ValueMapping[],
): PanelSpec {
  return (id, span) => {
    const panel = new StateTimeline().id(id).title(title).description(description).datasource(dataSource);
    panel.span(span).height(panelHeight).mergeValues(true).showValue(VisibilityMode.Auto).fillOpacity(80);
    panel.legend(
      new VizLegendOptionsBuilder()
        .showLegend(false)
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom),
    );
    panel.colorScheme(new FieldColorBuilder().mode(FieldColorModeId.Thresholds));
    if (mappings) panel.mappings(mappings);
    for (const [index, { colorFromOne }] of queries.entries())
      if (colorFromOne !== undefined)
        panel.overrideByQuery(refId(index), [
          { id: 'thresholds', value: goodUntil(1, colorFromOne).build() },
        ]);
    return panel.targets(queries.map(target));
  };
}

/** What holds now, one row for each series. */
export function table({ title, description }: PanelText, expr: string): PanelSpec {
  return (id, span) =>
    new Table()
      .id(id)
      .title(title)
      .description(description)
      .datasource(dataSource)
      .span(span)
      .height(panelHeight)
      .noValue('nothing')
      .withTarget(
        new DataqueryBuilder()
          .refId('A')
          .datasource(dataSource)
          .expr(expr)
          .format(PromQueryFormat.Table)
          .instant(),
      )
      .withTransformation({ id: 'organize', options: { excludeByName: { Time: true, Value: true } } });
}

/** Values as words, each in its colour. */
export const words = (...each: readonly [value: number, text: string, color: string][]): ValueMapping[] => [
  {
    type: MappingType.ValueToText,
    options: Object.fromEntries(each.map(([value, text, color], index) => [value, { text, color, index }])),
  },
];
