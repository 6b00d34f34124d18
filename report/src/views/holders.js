// SPDX-License-Identifier: MIT
/*
 * holders.js -- for each of the largest things: the shortest way from a root to it
 */
import { empty, h, view } from '../dom.js';
import { bytes, counted, percent } from '../format.js';
import { edgeText, objectName, ROOT_KINDS } from '../data.js';
import { bar } from '../table.js';
import { typeName } from './types.js';

function rootText([kind, name, references]) {
  const what = name ? `${ROOT_KINDS[kind]} “${name}”` : ROOT_KINDS[kind];
  return references > 1 ? `${what}, ${counted(references, 'reference')}` : what;
}

function step(model, { edge, type, text, address, retained }, last) {
  return h('li', { class: last ? 'last' : undefined },
    h('span', { class: 'edge' }, edge ? edgeText(edge) : 'holds'),
    typeName(model, type), h('span', { class: text ? 'text' : 'address' }, text ? `“${text}”` : address),
    h('span', { class: 'amount' }, bytes(retained)));
}

const readStep = ([edge, type, text, address, retained]) => ({ edge, type, text, address, retained });

function wayTo(model, holder) {
  const steps = holder.steps.map(readStep);
  const items = steps.map((each, i) => step(model, each, i === steps.length - 1));
  if (holder.omitted > 0) {
    items.splice(holder.omittedAt, 0, h('li', { class: 'gap' }, `${counted(holder.omitted, 'more object')} on the way`));
  }
  return h('ol', { class: 'way' }, h('li', { class: 'root' }, holder.root ? rootText(holder.root) : 'held by nothing: garbage'), items);
}

function entry(model, holder, open) {
  const all = model.totals.bytes;
  return h('details', { class: 'holder', open },
    h('summary', null, h('span', { class: 'holder-name' }, typeName(model, holder.type),
      h('span', { class: holder.text ? 'text' : 'address' }, holder.text ? `“${holder.text}”` : holder.address)),
    bar(holder.retained, all, `${bytes(holder.retained)} · ${percent(holder.retained, all)}`)),
    wayTo(model, holder));
}

export function holders(model) {
  const lead = 'The objects that keep most memory alive, and the shortest way by which the program holds each, field by field.';
  if (model.holders.length === 0) {
    return view('What holds it', lead, empty('Nothing is held by a root.', 'The snapshot has no objects, or no roots that lead to them.'));
  }
  return view('What holds it', lead, h('div', { class: 'holders', 'aria-label': `Largest: ${objectName(model, model.holders[0])}` },
    model.holders.map((holder, i) => entry(model, holder, i === 0))));
}
