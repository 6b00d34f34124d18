// SPDX-License-Identifier: MIT
/*
 * map.js -- a treemap: area is memory
 *
 *   held      the dominator tree, merged by type: a box holds what would go with it; a click goes inside
 *   types     own sizes by type
 *
 * Boxes are buttons: arrow keys move to the nearest one in that direction, Enter goes inside, Escape back.
 */
import { hierarchy, treemap } from 'd3-hierarchy';
import { choice, empty, h, hideHint, showHint, view } from '../dom.js';
import { bytes, counted, percent } from '../format.js';
import { surface } from '../color.js';

const HEAD = 20;
const LEAST_AREA = 60; // of a box that is worth a button, in square pixels
const MOST_BOXES = 600;
const DEEPEST = 9; // levels that show at once
const LEAST_SHARE = 0.02; // of a box that shows what is in it

/* What the boxes of a node are: its children, its own bytes, and what was left out. */
function partsOf(model, node) {
  const parts = node.children.map((child) => ({ ...box(model, child), node: child }));
  if (node.size > 0 && node.children.length > 0) {
    parts.push({ name: 'itself', bytes: node.size, type: node.type, objects: node.objects, own: true });
  }
  if (node.omittedBytes > 0) {
    parts.push({ name: `${counted(node.omitted, 'smaller group')}`, bytes: node.omittedBytes, type: -1 });
  }
  return parts;
}

const box = (model, node) => ({ name: model.typeName(node.type), bytes: node.retained, type: node.type, objects: node.objects });

/* What is inside, as deep as boxes are large enough to be read. */
function heldTree(model, node) {
  const inside = (outer, depth) => partsOf(model, outer).filter(({ bytes: size }) => size > 0).map((part) => ({
    ...part,
    children: part.node && depth < DEEPEST && part.bytes > LEAST_SHARE * node.retained ? inside(part.node, depth + 1) : [],
  }));
  return hierarchy({ children: inside(node, 1) }, (part) => part.children)
    .sum((part) => (part.children?.length ? 0 : part.bytes ?? 0));
}

function typesTree(model) {
  const { census } = model;
  const parts = model.types.filter(({ place }) => place < census.count)
    .map((type) => ({ name: type.name, bytes: type.size, type: type.place, objects: type.objects }));
  if (census.omittedBytes > 0) parts.push({ name: counted(census.omitted, 'smaller type'), bytes: census.omittedBytes, type: -1 });
  return hierarchy({ children: parts }).sum((part) => part.bytes ?? 0);
}

function describe({ data }, all) {
  return [data.own ? `${data.name}: own bytes` : data.name, `${bytes(data.bytes)} · ${percent(data.bytes, all)}`,
    ...(data.objects !== undefined ? [counted(data.objects, 'object')] : []),
    ...(data.node?.children.length ? ['Press to look inside'] : [])];
}

function makeBox(item, all, onopen) {
  const { data, x0, x1, y0, y1, depth } = item;
  const width = x1 - x0;
  const height = y1 - y0;
  const opens = Boolean(data.node?.children.length);
  const lines = describe(item, all);
  const roomy = width > 44 && height > 15;
  const wordy = height > 34 && width > 70 && !item.children;
  return h(opens ? 'button' : 'div', {
    class: `box depth-${depth}${item.children ? ' group' : ''}${data.own ? ' own' : ''}`,
    type: opens ? 'button' : undefined, tabindex: '-1', role: opens ? undefined : 'img', 'aria-label': lines.join(', '),
    style: {
      left: `${x0}px`, top: `${y0}px`, width: `${Math.max(0, width - 1)}px`, height: `${Math.max(0, height - 1)}px`,
      background: surface(data.type),
    },
    onclick: opens ? () => onopen(data.node) : undefined,
    onpointermove: (event) => showHint(lines, event.clientX, event.clientY), onpointerleave: hideHint,
    onfocus: (event) => {
      const place = event.currentTarget.getBoundingClientRect();
      if (event.currentTarget.matches(':focus-visible')) showHint(lines, place.left, Math.min(place.bottom, innerHeight - 120) - 10);
    },
    onblur: hideHint,
  }, roomy && h('span', { class: 'box-name' }, data.name), (wordy || (item.children && width > 150)) && h('span', { class: 'box-size' }, bytes(data.bytes)));
}

function centre(element) {
  const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = element;
  return [offsetLeft + offsetWidth / 2, offsetTop + Math.min(offsetHeight, HEAD) / 2];
}

/* The box nearest in the direction of an arrow key; straight ahead counts more than aside. */
function neighbour(boxes, from, key) {
  const [x, y] = centre(from);
  const along = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
  let best = null;
  let least = Infinity;
  for (const each of boxes) {
    const [dx, dy] = [centre(each)[0] - x, centre(each)[1] - y];
    const ahead = dx * along[0] + dy * along[1];
    const aside = Math.abs(dx * along[1]) + Math.abs(dy * along[0]);
    if (each !== from && ahead > 1 && ahead + 3 * aside < least) [best, least] = [each, ahead + 3 * aside];
  }
  return best;
}

export function map(model, content) {
  const lead = 'Area is memory. Each box holds what would be free without it; objects that one holder keeps are together by type. Go inside by a click or Enter, back by Escape.';
  if (model.totals.bytes === 0) {
    return view('Memory map', lead, empty('There is nothing to draw.', 'The snapshot has no objects with a size. Write one while the program holds something:',
      'ouro_snapshot_save(heap, "program.snapshot", NULL, &error);'));
  }
  let mode = model.groupTree.children.length ? 'held' : 'types';
  let node = model.groupTree;
  const stage = h('div', { class: 'treemap', role: 'group', 'aria-label': 'Treemap; arrow keys move between boxes' });
  const trail = h('nav', { class: 'trail', 'aria-label': 'Where you are in the tree' });
  const unreachable = model.totals.unreachableBytes;

  function drawTrail() {
    const way = [];
    for (let each = node; each; each = each.parent) way.unshift(each);
    trail.replaceChildren(...way.map((each, i) => {
      const text = each.parent ? model.typeName(each.type) : mode === 'held' ? 'Everything held' : 'All types';
      const size = h('span', { class: 'amount' }, bytes(mode === 'held' ? each.retained : model.totals.bytes));
      return i === way.length - 1 ? h('span', { class: 'here', 'aria-current': 'true' }, h('span', { class: 'crumb' }, text), size)
        : h('button', { type: 'button', onclick: () => open(each, node) }, h('span', { class: 'crumb' }, text));
    }));
  }

  function open(next, from) {
    node = next;
    draw();
    const boxes = [...stage.children];
    const again = from && boxes.find((each) => each.place === from);
    (again ?? boxes[0])?.focus();
  }

  function draw() {
    hideHint();
    drawTrail();
    const width = stage.clientWidth || 800;
    const height = stage.clientHeight || 480;
    const root = mode === 'held' ? heldTree(model, node) : typesTree(model);
    root.sort((a, b) => b.value - a.value);
    treemap().size([width, height]).paddingInner(1).paddingOuter((each) => (each.depth === 0 ? 0 : 2))
      .paddingTop((each) => (each.depth > 0 && each.children ? HEAD : 0)).round(true)(root);
    const all = mode === 'held' ? node.retained : model.totals.bytes;
    const items = root.descendants().filter((each) => each.depth > 0 && (each.x1 - each.x0) * (each.y1 - each.y0) >= LEAST_AREA)
      .slice(0, MOST_BOXES);
    stage.replaceChildren(...items.map((item) => {
      const element = makeBox(item, all, (next) => open(next));
      element.place = item.data.node;
      return element;
    }));
    stage.firstElementChild?.setAttribute('tabindex', '0');
  }

  stage.addEventListener('keydown', (event) => {
    const boxes = [...stage.children];
    const from = boxes.includes(document.activeElement) ? document.activeElement : boxes[0];
    if (event.key === 'Escape' || event.key === 'Backspace') {
      if (mode === 'held' && node.parent) open(node.parent, node);
    } else if (event.key.startsWith('Arrow') && from) {
      const next = neighbour(boxes, from, event.key);
      if (!next) return;
      from.setAttribute('tabindex', '-1');
      next.setAttribute('tabindex', '0');
      next.focus();
    } else return;
    event.preventDefault();
  });

  requestAnimationFrame(() => stage.isConnected && draw());
  return view('Memory map', lead,
    h('div', { class: 'tools' },
      choice('What boxes are', [['held', 'By holder'], ['types', 'By type']], mode, (chosen) => {
        mode = chosen;
        node = model.groupTree;
        draw();
      }), trail),
    stage,
    unreachable > 0 && h('p', { class: 'remark' }, `${bytes(unreachable)} in ${counted(model.totals.unreachable, 'object')} are held by nothing: garbage that no collection has freed yet. They are in the map by type, not in the one by holder.`));
}
