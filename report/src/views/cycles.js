// SPDX-License-Identifier: MIT
/*
 * cycles.js -- objects that hold each other: those in the heap, and those that the last collections found
 */
import { choice, empty, h, view } from '../dom.js';
import { bytes, count, counted } from '../format.js';
import { edgeText, linkText } from '../data.js';
import { surface } from '../color.js';
import { layered, ring } from '../graph.js';
import { frameText } from './sites.js';
import { typeName } from './types.js';

const MOST_IN_RING = 10;
const RING_NEEDS = 300; // pixels

const same = (a, b) => a.type === b.type && linkText(a.edge) === linkText(b.edge);

/* A way round that repeats itself is told once: { round, times, total }. */
function folded(round, omitted) {
  const total = round.length + omitted;
  for (let period = 1; period <= round.length / 2; period++) {
    if (total % period === 0 && round.every((step, i) => same(step, round[i % period]))) {
      return { round: round.slice(0, period), times: total / period, total };
    }
  }
  return { round, times: 1, total };
}

const stepText = (model, { type, edge }, times) => `${model.typeName(type)}${times > 1 ? linkText(edge) : edgeText(edge)}`;

/* A long way round as a list. */
function steps(model, round, omitted) {
  return h('ol', { class: 'way' }, round.map(({ type, text, address, edge }, i) => h('li', null,
    typeName(model, type), text ? h('span', { class: 'text' }, `“${text}”`) : address && h('span', { class: 'address' }, address),
    h('span', { class: 'edge' }, edgeText(edge)), i === round.length - 1 && h('span', { class: 'address' }, omitted > 0 ? `and ${counted(omitted, 'more step')} back to the first` : 'back to the first'))));
}

function drawRound(model, { round, times, total }, room) {
  const title = `A cycle of ${total}: ${round.map((step) => stepText(model, step, times)).join(', ')}${times > 1 ? `, ${times} times` : ''}`;
  if (round.length > MOST_IN_RING) return steps(model, round, total - round.length);
  const nodes = round.map((step) => ({
    title: model.typeName(step.type), note: times > 1 ? `× ${count(times)}` : step.text || step.address,
    fill: surface(step.type), label: stepText(model, step, times).slice(model.typeName(step.type).length),
  }));
  return h('div', { class: 'drawing-box', tabindex: '0', role: 'group', 'aria-label': 'Drawing' }, ring(nodes, { label: title, width: Math.max(RING_NEEDS, Math.min(room, 760)) }));
}

function drawTypes(model, example, room) {
  const nodes = example.types.map(([type, objects, size]) => ({
    title: model.typeName(type), note: `${count(objects)} × · ${bytes(size)}`, fill: surface(type),
  }));
  const edges = example.links.map(([from, to, kind, name, times]) => ({
    from, to, label: times > 1 ? `${linkText([kind, name])} ×${count(times)}` : linkText([kind, name]),
  }));
  const left = example.omittedTypes + example.omittedLinks;
  return [h('div', { class: 'drawing-box', tabindex: '0', role: 'group', 'aria-label': 'Drawing' },
    layered(nodes, edges, { label: 'Types of the group and the fields between them', narrow: room < 620 })),
  left > 0 && h('p', { class: 'remark' }, `Not drawn: ${counted(example.omittedTypes, 'rarer type')} and ${counted(example.omittedLinks, 'rarer field')}.`)];
}

const readSteps = (rows) => rows.map(([type, text, address, edge]) => ({ type, text, address, edge }));
const readRound = (rows, omitted) => folded(readSteps(rows), omitted);

/* Objects that have names are drawn one by one, also where the way round repeats itself. */
function readObjects(rows, omitted) {
  const round = readSteps(rows);
  const areNamed = omitted === 0 && round.length <= MOST_IN_RING && round.some(({ text }) => text);
  return areNamed ? { round, times: 1, total: round.length } : folded(round, omitted);
}

function fate(form) {
  if (form.unreachedGroups === 0) return 'alive: the program reaches it';
  if (form.unreachedGroups === form.groups) return 'garbage: only the collector frees it';
  return `${count(form.unreachedGroups)} of ${count(form.groups)} are garbage`;
}

function showForm(model, form, room) {
  const { example } = form;
  const round = readObjects(example.round, example.omittedSteps);
  const several = example.objects > round.total;
  const facts = [['Groups of this form', count(form.groups)], ['Objects in them', count(form.objects)],
    ['Their own size', bytes(form.size)], ['What goes with them', bytes(form.held)], ['State', fate(form)]];
  return [h('dl', { class: 'facts inline' }, facts.map(([key, value]) => h('div', null, h('dt', null, key), h('dd', null, value)))),
    h('h4', null, several ? `The shortest way round, of ${counted(example.objects, 'object')} that all reach each other` : 'The cycle'),
    drawRound(model, round, room),
    several && [h('h4', null, 'All types of the group, and the fields between them'), drawTypes(model, example, room)]];
}

function showFound(model, found, room) {
  const facts = [['Found', `${count(found.found)} of this form`], ['Objects that went with them', count(found.objects)], ['Freed', bytes(found.size)]];
  const frames = found.site > 0 ? model.sites.frames && (model.sites.list.find(({ site }) => site === found.site)?.frames ?? []) : [];
  return [h('dl', { class: 'facts inline' }, facts.map(([key, value]) => h('div', null, h('dt', null, key), h('dd', null, value)))),
    h('h4', null, 'The cycle, by types and fields'), drawRound(model, readRound(found.round, found.omittedSteps), room),
    frames.length > 0 && [h('h4', null, 'Where an object of it was made'),
      h('ol', { class: 'stack' }, frames.map((frame) => h('li', { class: 'mono' }, frameText(model.sites.frames[frame]))))]];
}

function title(model, { round, times, total }) {
  const names = round.map((step) => stepText(model, step, times));
  if (times > 1) return `${names.slice(0, 4).join(' → ')} × ${count(times)} ↺`;
  return total > 4 ? `${names.slice(0, 3).join(' → ')} → … (${count(total)})` : `${names.join(' → ')} ↺`;
}

/* A list to choose from beside what was chosen. */
function browser(entries, label, show) {
  const detail = h('div', { class: 'detail', 'aria-live': 'off' });
  const buttons = entries.map(({ name, note, badge }, i) => h('button', { type: 'button', 'aria-pressed': 'false', onclick: () => choose(i) },
    h('span', { class: 'mono clip' }, name), h('span', { class: 'note' }, badge && h('span', { class: 'badge' }, badge), note)));
  function choose(i) {
    buttons.forEach((button, at) => button.setAttribute('aria-pressed', String(at === i)));
    detail.replaceChildren(...show(i).flat(Infinity).filter(Boolean));
  }
  requestAnimationFrame(() => detail.isConnected && choose(0));
  return h('div', { class: 'browser' }, h('div', { class: 'browser-list', role: 'group', 'aria-label': label }, buttons), detail);
}

function inHeap(model, room) {
  const { list, count: all, omitted, omittedGroups, omittedBytes } = model.cycles;
  if (all === 0) {
    return [empty('No objects of this snapshot hold each other.', 'Reference counting alone frees everything that is in it.')];
  }
  const entries = list.map((form) => ({
    name: title(model, readRound(form.example.round, form.example.omittedSteps)),
    badge: form.unreachedGroups > 0 ? 'garbage' : null,
    note: `${form.groups > 1 ? `${count(form.groups)} × · ` : ''}${counted(form.objects, 'object')} · holds ${bytes(form.held)}`,
  }));
  return [browser(entries, 'Forms of cycles in the heap', (i) => showForm(model, list[i], room)),
    omitted > 0 && h('p', { class: 'remark' }, `Left out: ${counted(omitted, 'rarer form')} with ${counted(omittedGroups, 'group')} and ${bytes(omittedBytes)}.`)];
}

function foundByCollector(model, room) {
  const { found, foundOmitted } = model.cycles;
  if (found.length === 0) {
    return [empty('The snapshot has no log of cycles that were found.', 'A heap keeps a log of what its collections find when it is told to. Turn that on before the cycles die, and write the snapshot afterwards:',
      'ouro_set_cycle_log(heap, 1000);')];
  }
  const entries = found.map((each) => ({ name: title(model, readRound(each.round, each.omittedSteps)), note: `${count(each.found)} found · freed ${bytes(each.size)}` }));
  return [browser(entries, 'Forms of cycles that collections found', (i) => showFound(model, found[i], room)),
    foundOmitted > 0 && h('p', { class: 'remark' }, `Left out: ${counted(foundOmitted, 'rarer form')}.`)];
}

export function cycles(model, content) {
  const lead = 'Objects that hold each other. Counting references never frees them; the collector does, once nothing else holds them.';
  const place = h('div');
  const mode = model.cycles.count === 0 && model.cycles.found.length > 0 ? 'found' : 'heap';
  const room = Math.max(280, content.clientWidth - (content.clientWidth > 900 ? 380 : 40));
  const show = (chosen) => place.replaceChildren(...(chosen === 'heap' ? inHeap(model, room) : foundByCollector(model, room)).filter(Boolean));
  show(mode);
  return view('Cycles', lead,
    h('div', { class: 'tools' }, choice('Which cycles', [['heap', `In the heap (${count(model.cycles.list.length + model.cycles.omitted)})`], ['found', `Found by collections (${count(model.cycles.found.length + model.cycles.foundOmitted)})`]], mode, show)),
    place);
}
