// SPDX-License-Identifier: MIT
/*
 * growth.js -- what became more between snapshots, by type, and where the new objects hang
 */
import { chart, axis, series, BYTE_STEPS } from '../chart.js';
import { empty, h, svg, view } from '../dom.js';
import { bytes, count, counted, signed } from '../format.js';
import { edgeText, wayText } from '../data.js';
import { table } from '../table.js';
import { typeName } from './types.js';

const LINES = 6;

function spark(values) {
  const [width, height] = [72, 20];
  const most = Math.max(...values, 1);
  const points = values.map((value, i) => `${(2 + (i * (width - 4)) / Math.max(1, values.length - 1)).toFixed(1)},${(height - 2 - (value / most) * (height - 4)).toFixed(1)}`);
  return svg('svg', { class: 'spark', viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true' },
    svg('polyline', { points: points.join(' ') }));
}

function delta(value, most, format) {
  const share = most > 0 ? Math.abs(value) / most : 0;
  return h('span', { class: `delta ${value > 0 ? 'up' : value < 0 ? 'down' : ''}` }, h('span', { class: 'bar-text' }, signed(value, format)),
    h('span', { class: 'delta-track', 'aria-hidden': 'true' }, h('span', {
      class: 'delta-fill', style: { width: `${50 * share}%`, [value < 0 ? 'right' : 'left']: '50%' },
    })));
}

const first = (values) => values[0];
const last = (values) => values[values.length - 1];

function readRow([type, objects, size]) {
  return { type, objects, size, grown: last(size) - first(size), more: last(objects) - first(objects) };
}

function curves(model, rows) {
  const { snapshots } = model.growth;
  if (snapshots.length < 3) return null;
  const shown = [...rows].sort((a, b) => Math.abs(b.grown) - Math.abs(a.grown)).slice(0, LINES);
  const xs = snapshots.map((_, i) => i + 1);
  return chart('Bytes by type', `The ${shown.length} types that changed most, over ${snapshots.length} snapshots`,
    [xs, ...shown.map(({ size }) => size)], {
      height: 240, padding: [null, 56, null, null],
      scales: { x: { time: false, range: (_, low, high) => [low - 0.1, high + 0.1] }, y: { range: (_, __, high) => [0, high * 1.05 || 1] } },
      axes: [{ ...axis((tick) => snapshots[tick - 1]?.file ?? '', 34), incrs: [1] }, { ...axis(bytes, 74), incrs: BYTE_STEPS }],
      series: [{ label: 'Snapshot', value: (_, value) => snapshots[value - 1]?.file ?? '–' },
        ...shown.map(({ type }, i) => series(model.typeName(type), i, bytes, { points: { show: true, size: 6 } }))],
    });
}

function snapshotList(model) {
  return h('ol', { class: 'snapshots' }, model.growth.snapshots.map(({ file, time, objects, size }) => h('li', null,
    h('span', { class: 'mono' }, file), h('span', { class: 'note' }, `${time ? `${time.replace('T', ' ').replace(/Z$/, ' UTC')} · ` : ''}${counted(objects, 'object')} · ${bytes(size)}`))));
}

function places(model) {
  const { places: list, born } = model.growth;
  if (list.length === 0) return null;
  return h('section', { class: 'card' }, h('h3', null, 'Where new objects hang'),
    h('p', null, `Objects that were there before and refer to new ones: this is where a leak goes in. ${counted(born.objects, 'object')} (${bytes(born.size)}) are new since the first snapshot.`),
    h('ol', { class: 'way' }, list.map(({ type, text, address, edge, born: amount, held, root, steps, omitted, omittedAt }) => h('li', null, typeName(model, type),
      h('span', { class: text ? 'text' : 'address' }, text ? `“${text}”` : address), h('span', { class: 'edge' }, edgeText(edge)),
      h('span', { class: 'amount' }, `${counted(amount, 'new object')} · ${bytes(held)}`),
      h('span', { class: 'mono whence' }, root ? wayText({ root, steps, omitted, omittedAt }) : 'held by nothing: garbage')))));
}

export function growth(model) {
  const lead = 'What became more, by type, from the first snapshot to the last.';
  const { snapshots, rows: raw, omitted } = model.growth;
  if (snapshots.length < 2) {
    return view('Growth', lead, empty('This report is of one snapshot.', 'Growth needs an earlier one of the same program. Name it behind:',
      'ouro report now.snapshot earlier.snapshot -o report.html'));
  }
  const rows = raw.map(readRow);
  const mostGrown = Math.max(...rows.map(({ grown }) => Math.abs(grown)));
  const mostMore = Math.max(...rows.map(({ more }) => Math.abs(more)));
  return view('Growth', lead, h('section', { class: 'card' }, h('h3', null, 'From the earliest to the latest'), snapshotList(model)),
    curves(model, rows), places(model),
    table({
      label: 'Growth by type', rows, sort: 'grown', filter: 'Filter types by name',
      remark: omitted.types > 0 && `Left out: ${counted(omitted.types, 'type')} that changed less, together ${signed(omitted.grown, bytes)}.`,
      columns: [
        { key: 'name', title: 'Type', ascending: true, value: (r) => model.typeName(r.type), text: (r) => model.typeName(r.type), cell: (r) => typeName(model, r.type) },
        { key: 'grown', title: 'Bytes', number: true, value: (r) => r.grown, text: (r) => bytes(r.grown), cell: (r) => delta(r.grown, mostGrown, bytes) },
        { key: 'more', title: 'Objects', number: true, value: (r) => r.more, text: (r) => count(r.more), cell: (r) => delta(r.more, mostMore, count) },
        { key: 'first', title: 'First', number: true, wide: true, value: (r) => first(r.size), text: (r) => bytes(first(r.size)) },
        { key: 'last', title: 'Last', number: true, wide: true, value: (r) => last(r.size), text: (r) => bytes(last(r.size)) },
        { key: 'way', title: 'Way', wide: true, text: () => '', cell: (r) => spark(r.size) },
      ],
    }));
}
