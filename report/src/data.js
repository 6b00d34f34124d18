// SPDX-License-Identifier: MIT
/*
 * data.js -- what `ouro report` has written, made convenient
 *
 * The form of the data is defined in report/README.md. Numbers of types in it are places in `types`.
 */

import { rankTypes } from './color.js';

const FIELD = 0;
const ITEM = 1;
const KEY = 2;
const KEYS = 3;
const EPHEMERON = 5;

export const POOL_KINDS = ['raw memory', 'acyclic objects', 'tracked objects'];
export const ROOT_KINDS = ['variable', 'held from outside', 'immortal', 'local variable'];
export const EVENT = { PASS: 0, CYCLE: 1, STEP: 2, PHASE: 3 };
const TRACKED = 1;
const FINALIZER = 2;
const VARIABLE = 4;

/* What stands on an edge, in the manner of the language: .name, .name[3], ["key"]. */
export function edgeText([kind, name, index]) {
  switch (kind) {
    case FIELD: return `.${name || '?'}`;
    case ITEM: return `${name ? `.${name}` : ''}[${index}]`;
    case KEY: return `["${name}"]`;
    case KEYS: return `key "${name}"`;
    case EPHEMERON: return `value in ${name || 'a weak map'}`;
    default: return name ? `(${name})` : '(internal)';
  }
}

/* A whole way as a program would write it: cache.items[3]["name"]. */
export function wayText({ root, steps, omitted, omittedAt }) {
  const edges = steps.slice(1).map(([edge]) => edgeText(edge));
  if (omitted > 0) edges.splice(omittedAt - 1, 0, ' … ');
  return (root[1] || `<${ROOT_KINDS[root[0]]}>`) + edges.join('');
}

/* A group of edges of one label, whose items are many. */
export function linkText([kind, name]) {
  return kind === ITEM ? `${name ? `.${name}` : ''}[…]` : edgeText([kind, name, 0]);
}

function readType([name, flags, objects, size, retained, largest], place) {
  return {
    place, name: name || '(no name)', objects, size, retained, largest,
    tracked: (flags & TRACKED) !== 0, finalizer: (flags & FINALIZER) !== 0, variable: (flags & VARIABLE) !== 0,
  };
}

/* Rows name their parent, which comes before them; -1 is the root of all. */
function treeOf(rows, make, root) {
  const nodes = [];
  const top = { ...root, children: [], parent: null, depth: 0 };
  for (const row of rows) {
    const parent = row[0] < 0 ? top : nodes[row[0]];
    const node = { ...make(row), children: [], parent, depth: parent.depth + 1 };
    parent.children.push(node);
    nodes.push(node);
  }
  for (const node of [top, ...nodes]) node.children.sort((a, b) => b.retained - a.retained);
  return top;
}

function readObjectNode([, type, size, retained, address, text, edge, omitted, omittedBytes]) {
  return { type, size, retained, address, text, edge, omitted, omittedBytes };
}

function readGroupNode([, type, objects, size, retained, omitted, omittedBytes]) {
  return { type, objects, size, retained, omitted, omittedBytes };
}

/* Which types should have a colour of their own first: those with most bytes, or that keep most alive somewhere. */
function ranksOf(types, groups) {
  const weight = types.map(({ size }) => size);
  for (const [, type, , , retained] of groups) weight[type] = Math.max(weight[type], retained / 2);
  const ranks = new Array(types.length);
  types.map((_, place) => place).sort((a, b) => weight[b] - weight[a]).forEach((place, rank) => { ranks[place] = rank; });
  return ranks;
}

export function decode(data) {
  const types = data.types.map(readType);
  const { totals } = data;
  const reachable = totals.bytes - totals.unreachableBytes;
  rankTypes(ranksOf(types, data.groups.nodes));
  const top = { type: -1, size: 0, retained: reachable, objects: totals.objects - totals.unreachable };
  return {
    ...data, types,
    typeName: (place) => types[place]?.name ?? '(unknown type)',
    objectTree: treeOf(data.dominators.nodes, readObjectNode, {
      ...top, omitted: data.dominators.omitted, omittedBytes: data.dominators.omittedBytes,
    }),
    groupTree: treeOf(data.groups.nodes, readGroupNode, {
      ...top, omitted: data.groups.omitted, omittedBytes: data.groups.omittedBytes,
    }),
  };
}

/* "Session "alice"" or "Session at 7f31…" */
export function objectName(model, { type, text, address }) {
  return text ? `${model.typeName(type)} “${text}”` : `${model.typeName(type)} at ${address}`;
}
