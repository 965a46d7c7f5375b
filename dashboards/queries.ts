import { z } from 'zod';
import { renderDashboards } from './render.ts';

/** One expression that a dashboard asks of Prometheus, ready to be asked: every template variable means all. */
export interface DashboardQuery {
  dashboard: string;
  panel: string;
  expr: string;
}

const shape = z.object({
  title: z.string(),
  templating: z.object({
    list: z.array(z.object({ name: z.string(), type: z.string(), query: z.string() })),
  }),
  panels: z.array(
    z.object({ title: z.string(), targets: z.array(z.object({ expr: z.string() })).default([]) }),
  ),
});

/** What Grafana puts in for its own variables at a scrape interval of 5 s. */
const builtIn: Readonly<Record<string, string>> = {
  __rate_interval: '30s',
  __interval: '5s',
  __range: '15m',
};

/** Every query of every dashboard, those of its variables included: read from what is rendered, so none is forgotten. */
export const dashboardQueries = (): DashboardQuery[] =>
  renderDashboards().flatMap(({ json }) => {
    const { title, templating, panels } = shape.parse(JSON.parse(json));
    const ask = (panel: string, expr: string) => ({ dashboard: title, panel, expr: fillIn(expr) });
    return [
      ...templating.list
        .filter(({ type }) => type === 'query')
        .map(({ name, query }) => ask(`variable ${name}`, labelValuesSelector(query))),
      ...panels.flatMap((panel) => panel.targets.map(({ expr }) => ask(panel.title, expr))),
    ];
  });

const fillIn = (expr: string): string =>
  expr.replaceAll(/\$(\w+)/g, (_, name: string) => builtIn[name] ?? '.+');

/** `label_values(mes_up, target)` is Grafana's own word: what Prometheus sees of it is the selector. */
const labelValuesSelector = (query: string): string =>
  /^label_values\((?<selector>.+), *\w+\)$/.exec(query)?.groups?.selector ?? query;
