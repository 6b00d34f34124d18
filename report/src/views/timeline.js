// SPDX-License-Identifier: MIT
/*
 * timeline.js -- memory, garbage and pauses over the life of the heap, and each collection with its phases
 */
import uPlot from 'uplot';
import { axis, BYTE_STEPS, chart, series } from '../chart.js';
import { empty, h, view } from '../dom.js';
import { bytes, count, counted, duration, percent } from '../format.js';
import { EVENT } from '../data.js';
import { line, surfaceOf } from '../color.js';
import { bar, table } from '../table.js';

const seconds = (nanoseconds) => nanoseconds / 1e9;
const clock = (value) => (value === 0 ? '0' : duration(value * 1e9));

function eventsOf(model) {
  const { events, names } = model.timeline;
  return events.map(([kind, generation, name, start, length, candidates, collected, uncollectable]) => ({
    kind, generation, name: names[name], start, length, end: start + length, candidates, collected, uncollectable,
  }));
}

/* Charts that share the time: pointing at one points at all, and a range chosen in one is chosen in all. */
function timeScale(model) {
  const { samples, events } = model.timeline;
  const ends = [...samples[0], ...events.map((event) => event[3] + event[4])];
  const high = ends.reduce((most, each) => Math.max(most, each), 1);
  return { time: false, range: (_, low, top) => (low === null || low === top ? [0, seconds(high)] : [low, top]), min: 0, max: seconds(high) };
}

function memoryChart(model, x) {
  const [times, objects, live, committed] = model.timeline.samples;
  if (times.length === 0) return null;
  const { sampleCount } = model.timeline;
  const thinned = sampleCount > times.length ? `; ${count(times.length)} of ${count(sampleCount)} samples, peaks kept` : '';
  return chart('Memory', `Bytes alive and bytes taken from the system${thinned}. Drag to look closer, double-click for all.`,
    [times.map(seconds), live, committed, objects], {
      height: 240, cursor: { sync: { key: 'time' } },
      scales: { x, y: { range: (_, __, high) => [0, high * 1.06 || 1] }, objects: { range: (_, __, high) => [0, high * 1.06 || 1] } },
      axes: [axis(clock, 32), { ...axis(bytes, 74), incrs: BYTE_STEPS }],
      series: [{ label: 'Time', value: (_, value) => (value === null ? '–' : clock(value)) },
        series('Alive', 0, bytes, { fill: `${line(0)}30` }), series('From the system', 1, bytes, { dash: [6, 4] }),
        series('Objects', 2, count, { scale: 'objects', width: 1, show: true })],
    });
}

/* Bars as wide as the eye needs, wherever they stand. */
function stems(u, index) {
  const { ctx } = u;
  const [xs, ys] = [u.data[0], u.data[index]];
  ctx.save();
  ctx.strokeStyle = line(index - 1);
  ctx.fillStyle = line(index - 1);
  ctx.lineWidth = 1.5 * devicePixelRatio;
  const floor = u.bbox.top + u.bbox.height;
  ctx.beginPath();
  xs.forEach((x, i) => {
    if (ys[i] === null || x < u.scales.x.min || x > u.scales.x.max) return;
    const [left, top] = [u.valToPos(x, 'x', true), u.valToPos(ys[i], 'y', true)];
    ctx.moveTo(left, floor);
    ctx.lineTo(left, top);
    ctx.fillRect(left - 2 * devicePixelRatio, top - 2 * devicePixelRatio, 4 * devicePixelRatio, 4 * devicePixelRatio);
  });
  ctx.stroke();
  ctx.restore();
  return null;
}

function stemChart(title, description, columns, names, show, x, log) {
  return chart(title, description, columns, {
    height: 170, cursor: { sync: { key: 'time' } },
    scales: { x, y: log ? { distr: 3, range: (_, low, high) => [10 ** Math.floor(Math.log10(low || 1)), 10 ** Math.ceil(Math.log10(high || 10))] } : { range: (_, __, high) => [0, high * 1.08 || 1] } },
    axes: [axis(clock, 32), axis(show, 74)],
    series: [{ label: 'Time', value: (_, value) => (value === null ? '–' : clock(value)) },
      ...names.map((name, i) => series(name, i, show, { paths: stems, points: { show: false } }))],
  });
}

function garbageChart(events, x) {
  const found = events.filter(({ kind, collected }) => kind <= EVENT.CYCLE && collected > 0).sort((a, b) => a.end - b.end);
  if (found.length === 0) return null;
  return stemChart('Garbage found', 'Objects that each pass or whole cycle freed', [found.map(({ end }) => seconds(end)),
    found.map(({ kind, collected }) => (kind === EVENT.PASS ? collected : null)), found.map(({ kind, collected }) => (kind === EVENT.CYCLE ? collected : null))],
  ['Passes', 'Whole cycles'], count, x, false);
}

function pauseChart(events, x) {
  const pauses = events.filter(({ kind }) => kind === EVENT.PASS || kind === EVENT.STEP).sort((a, b) => a.start - b.start);
  if (pauses.length === 0) return null;
  return stemChart('Pauses', 'How long each pass and each step held the program up; each line of the grid is ten times the one below', [pauses.map(({ start }) => seconds(start)),
    pauses.map(({ kind, length }) => (kind === EVENT.PASS ? Math.max(1, length) : null)), pauses.map(({ kind, length }) => (kind === EVENT.STEP ? Math.max(1, length) : null))],
  ['Passes', 'Steps of whole cycles'], duration, x, true);
}

/* What lies within a collection: a pass its phases; a cycle its steps, and their phases. */
function within(events, outer) {
  return events.filter((event) => event !== outer && event.kind > EVENT.CYCLE && event.start >= outer.start && event.end <= outer.end);
}

function phaseSums(inner) {
  const sums = new Map();
  for (const { kind, name, length } of inner) {
    if (kind !== EVENT.PHASE) continue;
    const sum = sums.get(name) ?? { name, length: 0, times: 0, longest: 0 };
    sum.length += length;
    sum.times += 1;
    sum.longest = Math.max(sum.longest, length);
    sums.set(name, sum);
  }
  return [...sums.values()].sort((a, b) => b.length - a.length);
}

function strip(outer, inner, ranks) {
  const at = (time) => (100 * (time - outer.start)) / (outer.length || 1);
  const lane = (kind) => h('div', { class: 'lane' }, inner.filter((event) => event.kind === kind).map((event) => h('span', {
    class: 'span', title: `${event.name} ${duration(event.length)}`,
    style: { left: `${at(event.start)}%`, width: `${Math.max(0.15, (100 * event.length) / (outer.length || 1))}%`, background: kind === EVENT.STEP ? 'var(--soft)' : surfaceOf(ranks.get(event.name)) },
  })));
  return h('div', { class: 'strip', 'aria-hidden': 'true' }, outer.kind === EVENT.CYCLE && lane(EVENT.STEP), lane(EVENT.PHASE));
}

function showCollection(events, event) {
  const inner = within(events, event);
  const sums = phaseSums(inner);
  const ranks = new Map(sums.map(({ name }, i) => [name, i]));
  const steps = inner.filter(({ kind }) => kind === EVENT.STEP).length;
  return [h('h3', null, `${event.name} collection at ${clock(seconds(event.start))}`),
    h('p', null, `${duration(event.length)}${event.kind === EVENT.CYCLE ? ` from first to last of ${counted(steps, 'step')} kept here; the program ran in between` : ' in one pause'}. Looked at ${counted(event.candidates, 'object')}, freed ${count(event.collected)}${event.uncollectable ? `, kept ${count(event.uncollectable)}` : ''}.`),
    sums.length === 0 ? h('p', { class: 'remark' }, 'Its phases are not in the log or were left out here.')
      : [strip(event, inner, ranks), h('ul', { class: 'phases' }, sums.map(({ name, length, times }) => h('li', null,
        h('span', { class: 'name' }, h('span', { class: 'swatch', 'aria-hidden': 'true', style: { background: surfaceOf(ranks.get(name)) } }), name),
        bar(length, sums[0].length, `${duration(length)}${times > 1 ? ` in ${count(times)}` : ''}`))))]].flat();
}

function totalsTable(model) {
  const rows = model.timeline.totals.map(([kind, generation, name, times, length, longest, collected]) => ({
    kind: ['pass', 'whole cycle', 'step', 'phase'][kind], generation, name: model.timeline.names[name], times, length, longest, collected,
  }));
  return h('section', null, h('h3', null, 'Sums'), table({
    label: 'Sums of all events', rows, sort: 'length',
    columns: [
      { key: 'name', title: 'What', ascending: true, value: (r) => r.name, text: (r) => r.name },
      { key: 'kind', title: 'Kind', wide: true, value: (r) => r.kind, text: (r) => r.kind },
      { key: 'times', title: 'Times', number: true, value: (r) => r.times, text: (r) => count(r.times) },
      { key: 'length', title: 'Together', number: true, value: (r) => r.length, text: (r) => duration(r.length) },
      { key: 'longest', title: 'Longest', number: true, value: (r) => r.longest, text: (r) => duration(r.longest) },
      { key: 'collected', title: 'Freed', number: true, wide: true, value: (r) => r.collected, text: (r) => count(r.collected) },
    ],
  }));
}

function collectionsTable(events, select) {
  const rows = events.filter(({ kind }) => kind <= EVENT.CYCLE);
  const open = (event) => h('button', { type: 'button', class: 'link', onclick: (press) => { press.stopPropagation(); select(event); } }, `${event.name} at ${clock(seconds(event.start))}`);
  return h('section', null, h('h3', null, 'Collections'), table({
    label: 'Collections', rows, sort: 'length', select,
    columns: [
      { key: 'name', title: 'Collection', ascending: true, value: (r) => r.start, text: (r) => r.name, cell: open },
      { key: 'length', title: 'Took', number: true, value: (r) => r.length, text: (r) => duration(r.length) },
      { key: 'collected', title: 'Freed', number: true, value: (r) => r.collected, text: (r) => count(r.collected) },
      { key: 'candidates', title: 'Looked at', number: true, wide: true, value: (r) => r.candidates, text: (r) => count(r.candidates) },
      { key: 'yield', title: 'Garbage', number: true, wide: true, value: (r) => (r.candidates ? r.collected / r.candidates : 0), text: (r) => percent(r.collected, r.candidates) },
    ],
  }));
}

export function timeline(model) {
  const lead = 'Memory, garbage and pauses over the life of the heap, as far as its log goes back.';
  const { eventCount, sampleCount, events: kept } = model.timeline;
  if (eventCount === 0 && sampleCount === 0) {
    return view('Timeline', lead, empty('The snapshot has no log of collections.', 'Either none ran, or the heap kept no log: it costs one test per pause when off and about 50 ns when on. Turn it on when the heap is made, and write the snapshot again:',
      'ouro_set_event_log(heap, 10000);'));
  }
  const events = eventsOf(model);
  const x = timeScale(model);
  const detail = h('section', { class: 'card', 'aria-live': 'polite' });
  const select = (event, jump) => {
    detail.replaceChildren(...showCollection(events, event));
    if (jump) detail.scrollIntoView({ block: 'nearest' });
  };
  const longest = events.filter(({ kind }) => kind <= EVENT.CYCLE).sort((a, b) => b.length - a.length)[0];
  if (longest) select(longest, false);
  uPlot.sync('time');
  return view('Timeline', lead, memoryChart(model, x), pauseChart(events, x), garbageChart(events, x),
    longest && [detail, collectionsTable(events, (event) => select(event, true))],
    eventCount > kept.length && h('p', { class: 'remark' }, `The page has ${count(kept.length)} of ${counted(eventCount, 'event')}: all collections as far as there is room, and the longest of the rest. The sums below are of all.`),
    eventCount > 0 && totalsTable(model));
}
