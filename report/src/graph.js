// SPDX-License-Identifier: MIT
/*
 * graph.js -- small graphs, drawn as SVG with a name on every edge
 *
 * A ring is drawn as one, since the eye follows it; anything else is laid out in layers by dagre, which keeps room for
 * the names of edges.
 */
import dagre from '@dagrejs/dagre';
import { svg } from './dom.js';
import { shorten } from './format.js';

const CHARACTER = 7.3; // of the 12 px monospace face, in pixels
const NODE_HEIGHT = 44;
const LABEL_HEIGHT = 18;
const LOOP_HEIGHT = 22;
let drawings = 0;

const nodeWidth = ({ title, note }) => Math.max(70, CHARACTER * Math.max(title.length, (note ?? '').length) + 26);

function arrowHead(id) {
  return svg('marker', { id, viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 8, markerHeight: 8, orient: 'auto-start-reverse' },
    svg('path', { d: 'M0 0.6 L7.4 4 L0 7.4 Z', class: 'arrow' }));
}

function drawNode({ x, y, width, node }) {
  return svg('g', { transform: `translate(${x} ${y})`, class: 'node' },
    svg('title', null, node.full ?? node.title),
    svg('rect', { x: -width / 2, y: -NODE_HEIGHT / 2, width, height: NODE_HEIGHT, rx: 8, fill: node.fill }),
    svg('text', { y: node.note ? -3 : 4, class: 'node-title' }, node.title),
    node.note && svg('text', { y: 14, class: 'node-note' }, node.note));
}

function drawLabel(x, y, text, full) {
  const width = CHARACTER * text.length + 10;
  return svg('g', { transform: `translate(${x} ${y})`, class: 'edge-label' }, svg('title', null, full ?? text),
    svg('rect', { x: -width / 2, y: -LABEL_HEIGHT / 2, width, height: LABEL_HEIGHT, rx: 4 }),
    svg('text', { y: 4 }, text));
}

/* A smooth line through points. */
function curve(points) {
  const [start, ...rest] = points;
  let path = `M${start.x} ${start.y}`;
  for (let i = 0; i < rest.length - 1; i++) {
    const middle = i === rest.length - 2 ? rest[i + 1] : { x: (rest[i].x + rest[i + 1].x) / 2, y: (rest[i].y + rest[i + 1].y) / 2 };
    path += ` Q${rest[i].x} ${rest[i].y} ${middle.x} ${middle.y}`;
  }
  return rest.length === 1 ? `${path} L${rest[0].x} ${rest[0].y}` : path;
}

function picture(width, height, label, shapes) {
  const head = `arrow-${drawings++}`;
  return svg('svg', { class: 'drawing', viewBox: `0 0 ${width} ${height}`, width, height, role: 'img', 'aria-label': label },
    svg('defs', null, arrowHead(head)), shapes(`url(#${head})`));
}

const clip = (nodes, most) => nodes.map((node) => ({ ...node, full: node.title, title: shorten(node.title, most) }));

/* References of a node to itself: one arc above it, with their names upon each other. dagre has no room for them. */
function drawLoops({ x, y, width }, loops, head) {
  if (loops.length === 0) return [];
  const top = y - NODE_HEIGHT / 2;
  const reach = Math.min(width / 2 - 8, 46);
  const wide = Math.max(...loops.map((each) => CHARACTER * shorten(each.label, 26).length)) / 2 + 34;
  const high = top - 26 - loops.length * LOOP_HEIGHT;
  return [svg('path', { d: `M${x - reach} ${top} C${x - wide - 16} ${high} ${x + wide + 16} ${high} ${x + reach} ${top - 2}`, class: 'edge-line', 'marker-end': head }),
    loops.map(({ label, full }, i) => drawLabel(x, top - 14 - i * LOOP_HEIGHT, shorten(label, 26), full ?? label))];
}

/* nodes: { title, note, fill }; edges: { from, to, label }. */
export function layered(nodes, all, { label, narrow }) {
  const loopsOf = nodes.map((_, i) => all.filter(({ from, to }) => from === i && to === i));
  const edges = all.filter(({ from, to }) => from !== to);
  const above = (i) => (loopsOf[i].length ? loopsOf[i].length * LOOP_HEIGHT + 18 : 0);
  const widest = (i) => Math.max(0, ...loopsOf[i].map((each) => CHARACTER * shorten(each.label, 26).length + 76));
  const shown = clip(nodes, narrow ? 22 : 34);
  const graph = new dagre.graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: narrow ? 'TB' : 'LR', nodesep: 26, ranksep: narrow ? 34 : 46, edgesep: 16, marginx: 12, marginy: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  shown.forEach((node, i) => graph.setNode(String(i), { width: Math.max(nodeWidth(node), widest(i)), height: NODE_HEIGHT + above(i), node, place: i }));
  edges.forEach((edge, i) => {
    const text = shorten(edge.label, 26);
    graph.setEdge(String(edge.from), String(edge.to), { width: CHARACTER * text.length + 12, height: LABEL_HEIGHT, labelpos: 'c', text, edge }, `e${i}`);
  });
  dagre.layout(graph);
  const { width, height } = graph.graph();
  return picture(Math.ceil(width), Math.ceil(height), label, (head) => [
    graph.edges().map((id) => svg('path', { d: curve(graph.edge(id).points), class: 'edge-line', 'marker-end': head })),
    graph.nodes().map((id) => {
      const { node, place, x, y } = graph.node(id);
      const drawn = { node, x, y: y + above(place) / 2, width: nodeWidth(node) };
      return [drawLoops(drawn, loopsOf[place], head), drawNode(drawn)];
    }),
    graph.edges().map((id) => {
      const { x, y, text, edge } = graph.edge(id);
      return drawLabel(x, y, text, edge.full ?? edge.label);
    }),
  ]);
}

/* Where the way from `from` to the middle of a node meets its border. */
function border(node, from) {
  const [dx, dy] = [from.x - node.x, from.y - node.y];
  const scale = Math.min(node.width / 2 / Math.max(Math.abs(dx), 0.001), (NODE_HEIGHT / 2) / Math.max(Math.abs(dy), 0.001));
  return { x: node.x + dx * scale, y: node.y + dy * scale };
}

function ringEdge(from, to, centre, spread, head) {
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  const away = { x: middle.x - centre.x, y: middle.y - centre.y };
  const length = Math.hypot(away.x, away.y);
  const across = { x: -(to.y - from.y), y: to.x - from.x };
  const unit = length > 1 ? { x: away.x / length, y: away.y / length }
    : { x: -across.x / Math.hypot(across.x, across.y), y: -across.y / Math.hypot(across.x, across.y) };
  const bend = { x: middle.x + unit.x * spread, y: middle.y + unit.y * spread };
  const [start, end] = [border(from, bend), border(to, bend)];
  return {
    line: svg('path', { d: `M${start.x} ${start.y} Q${bend.x} ${bend.y} ${end.x} ${end.y}`, class: 'edge-line', 'marker-end': head }),
    at: { x: (start.x + 2 * bend.x + end.x) / 4, y: (start.y + 2 * bend.y + end.y) / 4 },
  };
}

/* One node that refers to itself. */
function loop(node, text, label) {
  const width = Math.max(nodeWidth(node), CHARACTER * text.length + 10) + 60;
  const centre = { x: width / 2, y: 110 };
  return picture(width, 150, label, (head) => [
    svg('path', { d: `M${centre.x - 22} ${centre.y - 22} C${centre.x - 60} 12 ${centre.x + 60} 12 ${centre.x + 22} ${centre.y - 24}`, class: 'edge-line', 'marker-end': head }),
    drawNode({ ...centre, width: nodeWidth(node), node }), drawLabel(centre.x, 34, text)]);
}

/* steps: { title, note, fill, label }: each refers to the next by its label, the last to the first. */
export function ring(steps, { label, width: room }) {
  const narrow = room < 560;
  const most = narrow ? 13 : 24;
  const nodes = clip(steps, most);
  const texts = steps.map((each) => shorten(each.label, narrow ? 14 : 22));
  if (nodes.length === 1) return loop(nodes[0], texts[0], label);
  const widest = Math.max(...nodes.map(nodeWidth));
  const longest = CHARACTER * Math.max(...texts.map((text) => text.length)) + 10;
  const rx = Math.max(60, Math.min((room - widest - 24) / 2, Math.max(130, nodes.length * 42, longest)));
  const ry = Math.max(64, nodes.length * 30);
  const width = Math.max(2 * rx + widest + 24, longest + 24);
  const spread = nodes.length === 2 ? 46 : 22;
  const height = 2 * ry + NODE_HEIGHT + 40 + (nodes.length === 2 ? 0 : 2 * spread / 3);
  const centre = { x: width / 2, y: height / 2 };
  // Two stand beside each other; more begin at the top.
  const begin = nodes.length === 2 ? Math.PI : -Math.PI / 2;
  const placed = nodes.map((node, i) => {
    const angle = begin + (2 * Math.PI * i) / nodes.length;
    return { node, width: nodeWidth(node), x: centre.x + rx * Math.cos(angle), y: centre.y + ry * Math.sin(angle) };
  });
  return picture(width, height, label, (head) => {
    const edges = placed.map((from, i) => ringEdge(from, placed[(i + 1) % placed.length], centre, spread, head));
    return [edges.map(({ line }) => line), placed.map(drawNode), edges.map(({ at }, i) => drawLabel(at.x, at.y, texts[i], steps[i].label))];
  });
}
