import { createRequire } from 'node:module';

type Charts = typeof import('echarts/charts');
type Components = typeof import('echarts/components');
type Core = typeof import('echarts/core');
type Renderers = typeof import('echarts/renderers');

const require = createRequire(import.meta.url);

/** ECharts with what our plots need. It takes long to load, so only a command that draws does: hence no import above. */
export function loadCharts(): Core {
  const core = require('echarts/core') as Core;
  const { LineChart } = require('echarts/charts') as Charts;
  const { GridComponent, MarkAreaComponent, MarkLineComponent } = require('echarts/components') as Components;
  const { SVGRenderer } = require('echarts/renderers') as Renderers;
  core.use([LineChart, GridComponent, MarkAreaComponent, MarkLineComponent, SVGRenderer]);
  return core;
}
