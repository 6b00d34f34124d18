// SPDX-License-Identifier: MIT
/*
 * pools.js -- every pool as a square, darker the fuller it is
 *
 * By size class, fullest first, or by address. The picture is a canvas, since there may be twenty thousand; arrow keys
 * move a frame over it, and what is under it is told below.
 */
import { choice, empty, h, hideHint, showHint, view } from '../dom.js';
import { bytes, count, counted, percent } from '../format.js';
import { fullness, variable } from '../color.js';
import { POOL_KINDS } from '../data.js';
import { bar, table } from '../table.js';

const LABEL_WIDTH = 132;
const NARROW_LABEL = 78;
const SHORT_KINDS = ['raw', 'acyclic', 'tracked'];
const READABLE_ROW = 18;

function poolsOf(model) {
  const { address, kind, block, capacity, live, cached, free, bytes: size } = model.pools.columns;
  return address.map((_, i) => ({
    address: address[i], kind: kind[i], block: block[i], capacity: capacity[i], live: live[i], cached: cached[i], free: free[i], size: size[i],
  }));
}

const className = ({ kind, block }) => (block === 0 ? 'waiting' : `${SHORT_KINDS[kind]} ${block} B`);

function describe(pool) {
  if (pool.block === 0) return ['Empty pool that waits', `${bytes(pool.size)} at ${pool.address}`];
  const rest = pool.capacity - pool.live - pool.cached - pool.free;
  return [`${POOL_KINDS[pool.kind]}, blocks of ${count(pool.block)} B`,
    `${count(pool.live)} of ${counted(pool.capacity, 'block')} live (${percent(pool.live, pool.capacity)})`,
    `${count(pool.cached)} cached, ${count(pool.free)} free, ${count(Math.max(0, rest))} never used`,
    `${bytes(pool.size)} at ${pool.address}`];
}

/* Rows of a label and its pools. */
function rowsByClass(pools) {
  const classes = new Map();
  for (const pool of pools) {
    const name = className(pool);
    if (!classes.has(name)) classes.set(name, []);
    classes.get(name).push(pool);
  }
  const rows = [...classes].map(([label, members]) => ({ label, members: members.sort((a, b) => b.live / (b.capacity || 1) - a.live / (a.capacity || 1)) }));
  return rows.sort((a, b) => (a.members[0].block === 0) - (b.members[0].block === 0)
    || a.members[0].kind - b.members[0].kind || a.members[0].block - b.members[0].block);
}

/* Where each pool is drawn. */
function placed(rows, width, cell) {
  const labelWidth = rows.length === 1 && !rows[0].label ? 0 : width < 560 ? NARROW_LABEL : LABEL_WIDTH;
  const perRow = Math.max(1, Math.floor((width - labelWidth) / cell));
  const cells = [];
  const labels = [];
  let y = 0;
  for (const { label, members } of rows) {
    labels.push({ label, y });
    members.forEach((pool, i) => cells.push({ pool, x: labelWidth + (i % perRow) * cell, y: y + Math.floor(i / perRow) * cell }));
    y += Math.max(label ? READABLE_ROW : 0, Math.ceil(members.length / perRow) * cell) + (label ? 5 : 0);
  }
  return { cells, labels, height: y };
}

class PoolMap {
  constructor(model) {
    this.pools = poolsOf(model);
    this.cell = this.pools.length > 6000 ? 7 : this.pools.length > 1500 ? 10 : 14;
    this.mode = 'class';
    this.current = -1;
    this.canvas = h('canvas', { tabindex: '0', role: 'application', 'aria-roledescription': 'map of pools', 'aria-label': `Map of ${counted(this.pools.length, 'pool')}. Arrow keys move between pools.`, 'aria-describedby': 'pool-told' });
    this.told = h('p', { class: 'status', id: 'pool-told', role: 'status' }, 'Point at a square, or move with the arrow keys, to see what it is.');
    this.canvas.addEventListener('pointermove', (event) => this.point(event));
    this.canvas.addEventListener('pointerleave', () => { hideHint(); this.select(-1); });
    this.canvas.addEventListener('keydown', (event) => this.press(event));
  }

  arrange() {
    const rows = this.mode === 'class' ? rowsByClass(this.pools) : [{ label: '', members: [...this.pools] }];
    this.width = this.canvas.parentElement.clientWidth;
    this.layout = placed(rows, this.width, this.cell);
    const scale = devicePixelRatio || 1;
    const height = Math.min(this.layout.height + 2, 30000 / scale);
    Object.assign(this.canvas, { width: this.width * scale, height: height * scale });
    Object.assign(this.canvas.style, { width: `${this.width}px`, height: `${height}px` });
    this.context = this.canvas.getContext('2d');
    this.context.scale(scale, scale);
    this.draw();
  }

  draw() {
    const { context, cell, layout } = this;
    context.clearRect(0, 0, this.width, layout.height + 2);
    context.font = '12px ui-monospace, monospace';
    context.textBaseline = 'top';
    context.fillStyle = variable('--soft');
    for (const { label, y } of layout.labels) context.fillText(label, 0, y + 1);
    const shades = Array.from({ length: 21 }, (_, i) => fullness(i / 20));
    const edge = variable('--line');
    for (const { pool, x, y } of layout.cells) {
      context.fillStyle = shades[Math.round(20 * (pool.capacity ? pool.live / pool.capacity : 0))];
      context.fillRect(x, y, cell - 1.5, cell - 1.5);
      if (pool.block === 0 || pool.live === 0) {
        context.strokeStyle = edge;
        context.strokeRect(x + 0.5, y + 0.5, cell - 2.5, cell - 2.5);
      }
    }
    if (this.current >= 0) {
      const { x, y } = layout.cells[this.current];
      context.strokeStyle = variable('--focus');
      context.lineWidth = 2.5;
      context.strokeRect(x - 0.5, y - 0.5, cell - 0.5, cell - 0.5);
      context.lineWidth = 1;
    }
  }

  at(x, y) {
    return this.layout.cells.findIndex((each) => x >= each.x && x < each.x + this.cell && y >= each.y && y < each.y + this.cell);
  }

  select(i) {
    if (i === this.current) return;
    this.current = i;
    this.draw();
  }

  point(event) {
    const i = this.at(event.offsetX, event.offsetY);
    this.select(i);
    if (i < 0) hideHint();
    else showHint(describe(this.layout.cells[i].pool), event.clientX, event.clientY);
  }

  press(event) {
    const cells = this.layout.cells;
    const here = cells[this.current] ?? cells[0];
    const rows = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    let next = { ArrowRight: this.current + 1, ArrowLeft: this.current - 1, Home: 0, End: cells.length - 1 }[event.key];
    if (rows) {
      const beyond = cells.filter((each) => rows * (each.y - here.y) > 0);
      const nearest = beyond.reduce((best, each) => Math.min(best, Math.abs(each.y - here.y)), Infinity);
      const line = beyond.filter((each) => Math.abs(each.y - here.y) === nearest);
      next = cells.indexOf(line.reduce((best, each) => (!best || Math.abs(each.x - here.x) < Math.abs(best.x - here.x) ? each : best), null));
      if (this.current < 0) next = 0;
    }
    if (next === undefined || next < 0) return;
    event.preventDefault();
    this.select(Math.min(cells.length - 1, next));
    this.told.textContent = describe(cells[this.current].pool).join('; ');
  }
}

function classTable(model) {
  const rows = model.pools.classes.map(([kind, block, pools, capacity, live, cached, free, size]) => ({ kind, block, pools, capacity, live, cached, free, size }));
  return table({
    label: 'Size classes', rows, sort: 'size',
    columns: [
      { key: 'class', title: 'Blocks of', ascending: true, value: (c) => c.block * 3 + c.kind, text: className, cell: (c) => h('span', { class: 'mono' }, className(c)) },
      { key: 'fill', title: 'Occupied', number: true, value: (c) => (c.capacity ? c.live / c.capacity : 0), text: (c) => percent(c.live, c.capacity), cell: (c) => bar(c.live, c.capacity, c.capacity ? percent(c.live, c.capacity) : '–') },
      { key: 'size', title: 'Bytes', number: true, value: (c) => c.size, text: (c) => bytes(c.size) },
      { key: 'pools', title: 'Pools', number: true, value: (c) => c.pools, text: (c) => count(c.pools) },
      { key: 'live', title: 'Live', number: true, wide: true, value: (c) => c.live, text: (c) => count(c.live) },
      { key: 'cached', title: 'Cached', number: true, wide: true, value: (c) => c.cached, text: (c) => count(c.cached) },
      { key: 'free', title: 'Free', number: true, wide: true, value: (c) => c.free, text: (c) => count(c.free) },
    ],
  });
}

function legend() {
  return h('p', { class: 'legend' }, 'empty', h('span', { class: 'ramp', 'aria-hidden': 'true' }, [0, 0.25, 0.5, 0.75, 1].map((share) => h('span', { style: { background: fullness(share) } }))), 'full');
}

export function pools(model) {
  const lead = 'Each square is a pool: a run of pages that serves blocks of one size. Many pale squares in a row are memory that living blocks pin.';
  if (model.pools.count === 0) {
    return view('Pools', lead, empty('The snapshot says nothing about pools.', 'Those of an ouro heap have them; a snapshot of another program (CPython, for one) has other memory below its objects.',
      'ouro_snapshot_save(heap, "program.snapshot", NULL, &error);'));
  }
  const drawn = new PoolMap(model);
  requestAnimationFrame(() => drawn.canvas.isConnected && drawn.arrange());
  const { omitted, omittedBytes } = model.pools;
  return view('Pools', lead,
    h('div', { class: 'tools' }, choice('Order', [['class', 'By size class'], ['address', 'By address']], 'class', (mode) => {
      drawn.mode = mode;
      drawn.current = -1;
      drawn.arrange();
    }), legend()),
    h('div', { class: 'card' }, h('div', { class: 'pool-map' }, drawn.canvas), drawn.told),
    omitted > 0 && h('p', { class: 'remark' }, `Not drawn: ${counted(omitted, 'pool')} with ${bytes(omittedBytes)}. The table has all.`),
    classTable(model));
}
