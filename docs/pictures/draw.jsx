// A dashboard as Grafana's own components draw it. `window.BOARD` holds the panels of the
// JSON with what Prometheus answered; see draw.py.
import * as React from 'react';
import { createRoot } from 'react-dom/client';
import {
  createTheme, FieldType, getDisplayProcessor, getDisplayValueAlignmentFactors, ThemeContext,
  VizOrientation,
} from '@grafana/data';
import {
  BarGauge, BigValue, BigValueColorMode, BigValueGraphMode, GlobalStyles, PanelChrome,
  Table, TimeSeries,
} from '@grafana/ui';

const theme = createTheme({ colors: { mode: 'dark' } });
const { CELL, GAP, WIDTH } = { CELL: 30, GAP: 8, WIDTH: 1200 };
const GRAPH = {
  drawStyle: 'line', lineInterpolation: 'linear', showPoints: 'never', pointSize: 5,
  axisPlacement: 'auto', gradientMode: 'none', barAlignment: 0, spanNulls: false,
  scaleDistribution: { type: 'linear' }, hideFrom: { legend: false, tooltip: false, viz: false },
};

function numbers(panel, series, index, color) {
  const { defaults, overrides = [] } = panel.fieldConfig;
  const own = overrides.find(({ matcher }) => matcher.options === series.name);
  const chosen = own?.properties.find(({ id }) => id === 'color')?.value;
  const field = {
    name: series.name,
    type: FieldType.number,
    values: series.values,
    config: {
      ...defaults,
      color: chosen ?? defaults.color ?? { mode: color },
      displayName: series.name,
      custom: { ...GRAPH, ...defaults.custom },
    },
    state: { seriesIndex: index, displayName: series.name },
  };
  field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
  return field;
}

function text(name, values) {
  const field = { name, type: FieldType.string, values, config: {}, state: { displayName: name } };
  field.display = getDisplayProcessor({ field, theme });
  return field;
}

const last = (field) => ({ ...field.display(field.values.at(-1)), title: field.name });

function lines(panel, width, height) {
  const frames = panel.series.map((series, index) => ({
    refId: series.name,
    length: series.times.length,
    fields: [
      { name: 'Time', type: FieldType.time, values: series.times, config: {} },
      numbers(panel, series, index, 'palette-classic'),
    ],
  }));
  const [from, to] = window.BOARD.range;
  const range = { from: { valueOf: () => from }, to: { valueOf: () => to } };
  return (
    <TimeSeries
      frames={frames} width={width} height={height} timeZone="utc" timeRange={range}
      structureRev={1} legend={{ calcs: [], ...panel.options.legend }} options={panel.options}
    />
  );
}

function stat(panel, width, height) {
  const field = numbers(panel, panel.series[0], 0, 'thresholds');
  return (
    <BigValue
      value={{ ...last(field), title: '' }} width={width} height={height} theme={theme}
      colorMode={panel.options.colorMode ?? BigValueColorMode.Value}
      graphMode={BigValueGraphMode.None}
    />
  );
}

function bars(panel, width, height) {
  const all = panel.series.map((series, index) => numbers(panel, series, index, 'thresholds'));
  const most = Math.max(1, ...all.map((field) => field.values.at(-1)));
  const each = Math.min(46, height / all.length);
  // Of equal length the widest letters decide; Grafana measures only the first such title.
  const alignment = getDisplayValueAlignmentFactors(all.map((field) => ({ display: last(field) })));
  alignment.title += 'W';
  return all.map((field) => (
    <div key={field.name} style={{ height: each }}>
      <BarGauge
        value={last(field)} display={field.display} alignmentFactors={alignment} width={width} height={each - 6} theme={theme}
        field={{ ...field.config, min: 0, max: most }} orientation={VizOrientation.Horizontal}
        displayMode={panel.options.displayMode}
      />
    </div>
  ));
}

function table(panel, width, height) {
  const fields = panel.columns.map(({ name, values, type }, index) =>
    type === 'number' ? numbers(panel, { name, values }, index, 'thresholds') : text(name, values)
  );
  const data = { fields, length: fields[0]?.values.length ?? 0 };
  return (
    <Table data={data} width={width} height={height} initialSortBy={panel.options.sortBy} />
  );
}

const DRAW = { timeseries: lines, stat, bargauge: bars, table };

function Panel({ panel }) {
  const { x, y, w, h } = panel.gridPos;
  const unit = (WIDTH + GAP) / 24;
  const place = { position: 'absolute', left: x * unit, top: y * (CELL + GAP) };
  if (panel.type === 'row') {
    return <h2 style={{ ...place, font: '500 15px sans-serif', margin: '6px 2px' }}>{panel.title}</h2>;
  }
  return (
    <div style={place}>
      <PanelChrome
        title={panel.title} width={w * unit - GAP} height={h * (CELL + GAP) - GAP}
        padding={panel.type === 'table' ? 'none' : 'md'}
      >
        {(width, height) => DRAW[panel.type](panel, width, height)}
      </PanelChrome>
    </div>
  );
}

// Text is measured before it is drawn, so the font must be there.
document.fonts.load('14px Inter').then(() => createRoot(document.getElementById('root')).render(
  <ThemeContext.Provider value={theme}>
    <GlobalStyles />
    <div style={{ position: 'relative', margin: 12 }}>
      <h1 style={{ font: '500 20px sans-serif', margin: '0 0 10px' }}>{window.BOARD.title}</h1>
      <div style={{ position: 'relative' }}>
        {window.BOARD.panels.map((panel) => <Panel key={panel.id ?? panel.title} panel={panel} />)}
      </div>
    </div>
  </ThemeContext.Provider>
));
