// SPDX-License-Identifier: MIT
/*
 * sites.js -- where living memory was allocated: call chains as an icicle, and as a table
 */
import { hierarchy, partition } from 'd3-hierarchy';
import { empty, h, hideHint, showHint, view } from '../dom.js';
import { bytes, count, counted, percent } from '../format.js';
import { bar, table } from '../table.js';

const ROW = 22;
const DEEPEST = 24;
const THINNEST = 3; // pixels

/* [function, file, line, module, offset] */
export function frameText([name, file, line, module, offset]) {
  const place = file ? ` (${file.split('/').pop()}${line ? `:${line}` : ''})` : '';
  if (name) return name + place;
  return module ? `${module.split('/').pop()}+0x${offset}` : `0x${offset}`;
}

/* Chains from the outermost frame inwards, those that begin alike together. */
function chainTree(model) {
  const { list, frames } = model.sites;
  const top = { name: 'all sites', own: 0, children: new Map() };
  for (const site of list) {
    let node = top;
    for (const frame of [...site.frames].reverse().slice(0, DEEPEST)) {
      const name = frameText(frames[frame]);
      if (!node.children.has(name)) node.children.set(name, { name, own: 0, children: new Map() });
      node = node.children.get(name);
    }
    node.own += site.liveBytes;
  }
  return top;
}

function icicle(model, content) {
  const top = chainTree(model);
  const stage = h('div', { class: 'icicle', role: 'group', 'aria-label': 'Call chains; outermost above. The table below has the same.' });
  let shown = top;

  function draw() {
    const root = hierarchy(shown, (node) => [...node.children.values()]).sum((node) => node.own).sort((a, b) => b.value - a.value);
    const width = stage.clientWidth || content.clientWidth;
    partition().size([width, (root.height + 1) * ROW])(root);
    stage.style.height = `${(root.height + 1) * ROW}px`;
    const items = root.descendants().filter((each) => each.x1 - each.x0 >= THINNEST && each.value > 0);
    stage.replaceChildren(...items.map((each) => {
      const lines = [each.data.name, `${bytes(each.value)} alive · ${percent(each.value, root.value)} of what shows`];
      return h('button', {
        type: 'button', class: `frame-box depth-${each.depth % 4}`, 'aria-label': lines.join(', '),
        style: { left: `${each.x0}px`, top: `${each.y0}px`, width: `${each.x1 - each.x0 - 1}px`, height: `${ROW - 1}px` },
        onclick: () => { shown = each.depth === 0 ? top : each.data; draw(); stage.firstElementChild.focus(); },
        onpointermove: (event) => showHint(lines, event.clientX, event.clientY), onpointerleave: hideHint,
      }, each.x1 - each.x0 > 30 && (each.depth === 0 && shown !== top ? `↑ ${each.data.name}` : each.data.name));
    }));
  }
  requestAnimationFrame(() => stage.isConnected && draw());
  return h('div', { class: 'card' }, stage);
}

function chain(model, site) {
  const names = site.frames.map((frame) => frameText(model.sites.frames[frame]));
  if (names.length <= 1) return h('span', { class: 'mono' }, names[0] ?? 'unknown');
  return h('details', null, h('summary', { class: 'mono' }, names[0]),
    h('ol', { class: 'stack' }, names.slice(1).map((name) => h('li', { class: 'mono' }, name))));
}

export function sites(model, content) {
  const lead = 'Where the objects that are alive were allocated, by call chain. Press a frame to see it alone, and the topmost to see all.';
  const { list, omitted, omittedBytes } = model.sites;
  if (list.length === 0) {
    return view('Allocation sites', lead, empty('The program did not trace its allocations.', 'Tracing is off unless it is asked for. Sampled, it costs next to nothing; turn it on and write the snapshot again:',
      'ouro_trace_start(heap, NULL, &error);'));
  }
  const most = Math.max(...list.map((site) => site.liveBytes));
  const text = (site) => site.frames.map((frame) => frameText(model.sites.frames[frame])).join(' ');
  return view('Allocation sites', lead, icicle(model, content), table({
    label: 'Allocation sites', rows: list, sort: 'live', filter: 'Filter by function or file',
    remark: omitted > 0 && `Left out: ${counted(omitted, 'site')} with ${bytes(omittedBytes)} alive.`,
    columns: [
      { key: 'site', title: 'Allocated in', ascending: true, value: text, text, cell: (s) => chain(model, s) },
      { key: 'live', title: 'Alive', number: true, value: (s) => s.liveBytes, text: (s) => bytes(s.liveBytes), cell: (s) => bar(s.liveBytes, most, bytes(s.liveBytes)) },
      { key: 'objects', title: 'Objects', number: true, value: (s) => s.liveObjects, text: (s) => count(s.liveObjects) },
      { key: 'peak', title: 'Peak', number: true, wide: true, value: (s) => s.peak, text: (s) => bytes(s.peak) },
      { key: 'ever', title: 'Ever', number: true, wide: true, value: (s) => s.bytes, text: (s) => bytes(s.bytes) },
      { key: 'everObjects', title: 'Objects ever', number: true, wide: true, value: (s) => s.objects, text: (s) => count(s.objects) },
    ],
  }));
}
