// SPDX-License-Identifier: MIT
/*
 * chart.js -- uPlot in the colours of the page
 */
import uPlot from 'uplot';
import { line, variable } from './color.js';
import { h } from './dom.js';

const FACE = '12px system-ui, sans-serif';

export function axis(values, size = 62) {
  return {
    stroke: variable('--soft'), font: FACE, size, values: (_, ticks) => ticks.map((tick) => (tick === null ? null : values(tick))),
    grid: { stroke: variable('--line'), width: 1 }, ticks: { stroke: variable('--line'), width: 1, size: 4 },
  };
}

export function series(label, index, show, more = {}) {
  return { label, stroke: line(index), width: 2, value: (_, value) => (value === null || value === undefined ? '–' : show(value)), points: { show: false }, ...more };
}

/* Steps of the binary units for an axis of bytes. */
export const BYTE_STEPS = (() => {
  const steps = [];
  for (let power = 0; power < 50; power++) steps.push(2 ** power);
  return steps;
})();

const charts = new WeakMap();

/* A figure that draws itself once it is in the page. `data` are uPlot's columns. */
export function chart(title, description, data, options) {
  const place = h('div', { class: 'chart', role: 'img', 'aria-label': `${title}. ${description}` });
  const figure = h('figure', { class: 'card' }, h('figcaption', null, h('strong', null, title), description && h('span', null, description)), place);
  requestAnimationFrame(() => {
    if (!place.isConnected) return;
    const { height = 200, ...rest } = options;
    charts.set(place, new uPlot({ width: place.clientWidth, height, legend: { live: true }, ...rest }, data, place));
  });
  return figure;
}
