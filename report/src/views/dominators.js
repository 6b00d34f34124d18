// SPDX-License-Identifier: MIT
/*
 * dominators.js -- the dominator tree as a table that unfolds
 *
 * A treegrid in the manner of the ARIA practices: up and down move, right unfolds or goes inside, left folds or
 * goes out, Home and End go to the ends. Rows are made when they show.
 */
import { choice, empty, h, view } from '../dom.js';
import { bytes, count, counted, percent } from '../format.js';
import { edgeText } from '../data.js';
import { bar } from '../table.js';
import { typeName } from './types.js';

const DEEPEST_INDENT = 14;
const PORTION = 100; // children of one node that show at first

function objectLabel(model, node) {
  return [node.edge && h('span', { class: 'edge' }, edgeText(node.edge)), typeName(model, node.type),
    h('span', { class: node.text ? 'text' : 'address' }, node.text ? `“${node.text}”` : node.address)];
}

function groupLabel(model, node) {
  return [typeName(model, node.type), h('span', { class: 'address' }, `× ${count(node.objects)}`)];
}

/* A row for a node, for children that do not show yet, or for what was left out below a node. */
function rowCells(model, item, all, label) {
  if (item.more) {
    const left = item.more.children.slice(item.from);
    return [[h('span', { class: 'edge' }, `show ${count(left.length)} more`)], left.reduce((sum, { retained }) => sum + retained, 0), null];
  }
  if (item.rest) {
    const { omitted, omittedBytes } = item.rest;
    return [[h('span', { class: 'address' }, `${counted(omitted, 'smaller one')} left out`)], omittedBytes, null];
  }
  return [label(model, item.node), item.node.retained, item.node.size];
}

class TreeGrid {
  constructor(model, root, label, all) {
    Object.assign(this, { model, label, all, unfolded: new Set([root]), limits: new Map(), root, current: 0 });
    this.body = h('tbody');
    this.element = h('div', { class: 'table-scroll' }, h('table', { class: 'tree', role: 'treegrid', 'aria-label': 'Dominator tree' },
      h('thead', null, h('tr', { role: 'row' }, h('th', { scope: 'col' }, 'Object'), h('th', { scope: 'col', class: 'number' }, 'Retained'),
        h('th', { scope: 'col', class: 'number wide' }, 'Share'), h('th', { scope: 'col', class: 'number wide' }, 'Own'))), this.body));
    this.body.addEventListener('keydown', (event) => this.press(event));
    for (let node = root; node.children.length === 1 && node.depth < 8; node = node.children[0]) this.unfolded.add(node.children[0]);
    this.draw();
  }

  /* The rows that show, in their order. */
  visible() {
    const items = [];
    const stack = [];
    const unfold = (outer, depth) => {
      const limit = this.limits.get(outer) ?? PORTION;
      if (outer.omitted > 0) stack.push({ rest: outer, depth });
      if (outer.children.length > limit) stack.push({ more: outer, from: limit, depth });
      for (let i = Math.min(limit, outer.children.length); i-- > 0;) stack.push({ node: outer.children[i], depth });
    };
    unfold(this.root, 0);
    while (stack.length > 0) {
      const item = stack.pop();
      items.push(item);
      if (item.node && this.unfolded.has(item.node)) unfold(item.node, item.depth + 1);
    }
    return items;
  }

  foldable({ node }) {
    return Boolean(node && (node.children.length > 0 || node.omitted > 0));
  }

  draw(focus) {
    this.items = this.visible();
    this.current = Math.min(this.current, this.items.length - 1);
    this.body.replaceChildren(...this.items.map((item, i) => this.row(item, i)));
    if (focus) this.body.children[this.current]?.focus();
  }

  row(item, i) {
    const open = this.unfolded.has(item.node);
    const [label, retained, own] = rowCells(this.model, item, this.all, this.label);
    const folds = this.foldable(item);
    const row = h('tr', {
      role: 'row', tabindex: i === this.current ? '0' : '-1', 'aria-level': item.depth + 1,
      'aria-expanded': folds ? String(open) : undefined, class: folds || item.more ? 'selectable' : undefined,
      onclick: () => { this.current = i; this.press({ key: 'Enter', preventDefault() {} }); this.body.children[this.current].focus(); },
    },
    h('th', { role: 'rowheader', class: 'tree-cell', style: { '--depth': Math.min(item.depth, DEEPEST_INDENT) } },
      h('span', { class: 'tree-line' }, h('span', { class: `fold${folds ? (open ? ' open' : '') : ' none'}`, 'aria-hidden': 'true' }),
        h('span', { class: 'tree-label' }, item.depth > DEEPEST_INDENT && h('span', { class: 'depth', title: 'Levels below the root' }, item.depth + 1), label))),
    h('td', { role: 'gridcell', class: 'number' }, bar(retained, this.all, bytes(retained))),
    h('td', { role: 'gridcell', class: 'number wide' }, percent(retained, this.all)),
    h('td', { role: 'gridcell', class: 'number wide' }, own === null ? '' : bytes(own)));
    return row;
  }

  showMore({ more, from }) {
    this.limits.set(more, from + 5 * PORTION);
    this.draw(true);
  }

  toggle({ node }) {
    if (this.unfolded.has(node)) this.unfolded.delete(node);
    else this.unfolded.add(node);
    this.draw(true);
  }

  move(to) {
    const rows = this.body.children;
    rows[this.current]?.setAttribute('tabindex', '-1');
    this.current = Math.max(0, Math.min(rows.length - 1, to));
    rows[this.current].setAttribute('tabindex', '0');
    rows[this.current].focus();
  }

  press(event) {
    const item = this.items[this.current];
    const folds = this.foldable(item);
    const open = folds && this.unfolded.has(item.node);
    const outer = () => {
      let i = this.current;
      while (i > 0 && this.items[i].depth >= item.depth) i -= 1;
      return i;
    };
    const actions = {
      ArrowDown: () => this.move(this.current + 1), ArrowUp: () => this.move(this.current - 1),
      Home: () => this.move(0), End: () => this.move(this.items.length - 1),
      ArrowRight: () => (folds && !open ? this.toggle(item) : open && this.move(this.current + 1)),
      ArrowLeft: () => (open ? this.toggle(item) : this.move(outer())),
      Enter: () => (item.more ? this.showMore(item) : folds && this.toggle(item)),
    };
    actions[' '] = actions.Enter;
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  }

  /* Follows the heaviest child as long as it has most of its holder. */
  unfoldHeaviest() {
    let node = this.root;
    for (let depth = 0; node.children.length > 0 && depth < 24; depth++) {
      this.unfolded.add(node);
      if (depth > 0 && node.children[0].retained < node.retained / 3) break;
      node = node.children[0];
    }
    this.draw();
  }
}

export function dominators(model) {
  const lead = 'Who keeps what alive: everything below a row would be free without it. Retained is the row and all below.';
  const { objectTree, groupTree } = model;
  if (objectTree.children.length === 0) {
    return view('Dominators', lead, empty('No object is reached from a root.', 'Either the heap was empty or the snapshot has no roots. A writer of your own tells them by:',
      'ouro_snapshot_add_root(writer, address, OURO_ROOT_NAMED, name, 1);'));
  }
  const place = h('div');
  let grid = null;
  function show(mode) {
    grid = mode === 'objects' ? new TreeGrid(model, objectTree, objectLabel, objectTree.retained)
      : new TreeGrid(model, groupTree, groupLabel, groupTree.retained);
    place.replaceChildren(grid.element);
  }
  show('objects');
  return view('Dominators', lead,
    h('div', { class: 'tools' },
      choice('Rows', [['objects', 'Single objects'], ['groups', 'Merged by type']], 'objects', show),
      h('button', { type: 'button', onclick: () => grid.unfoldHeaviest() }, 'Unfold the heaviest')),
    place,
    h('p', { class: 'remark' }, 'Keys: up and down move, right unfolds, left folds. The page holds the largest objects; what it leaves out is counted in its row, so sums are exact.'));
}
