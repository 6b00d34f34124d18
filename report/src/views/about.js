// SPDX-License-Identifier: MIT
/*
 * about.js -- what the snapshot is, what the words mean, and whose work is in the page
 */
/* global LIBRARIES */
import { h, view } from '../dom.js';
import { bytes, count } from '../format.js';

const WORDS = [
  ['own size', 'bytes of an object itself and of buffers that belong to it alone'],
  ['retained size', 'bytes that would be free if this object were gone: itself and all that is alive only through it'],
  ['dominator', 'the object that everything else has to pass through to reach another: it alone keeps that one alive'],
  ['root', 'what the program holds without any object in between: a variable, a running function, a reference from outside the heap'],
  ['cycle', 'objects that hold each other; counting references never frees them, the collector does'],
  ['pool', 'a run of pages that serves objects of one size'],
];

function facts(model) {
  const { totals } = model;
  return [
    ['File', model.file], ['Size of the file', `${bytes(totals.fileBytes)}, ${bytes(totals.unpackedBytes)} unpacked`],
    ['Objects', count(totals.objects)], ['References that hold', count(totals.edges)],
    ['References that only see (weak, borrowed)', count(totals.looseEdges)],
    ['References to what is not in the file', count(totals.droppedEdges)],
    ['Types', count(totals.types)], ['Roots', count(totals.roots)],
    ['Report by', `ouro ${model.generator}`],
  ];
}

const list = (pairs) => h('dl', { class: 'facts' }, pairs.map(([key, value]) => [h('dt', null, key), h('dd', null, value)]));

export function about(model) {
  return view('About this report', 'What was measured, what the words mean, and whose work is in this page.',
    h('section', { class: 'card' }, h('h3', null, 'The snapshot'), list(facts(model)),
      model.notes.length > 0 && [h('h4', null, 'Notes of the program'), list(model.notes)]),
    h('section', { class: 'card' }, h('h3', null, 'Words'), list(WORDS)),
    h('section', { class: 'card' }, h('h3', null, 'Libraries in this page'),
      h('p', null, 'The page itself is part of ouro (MIT). It also contains:'),
      LIBRARIES.map(({ name, version, license, text }) => h('details', null,
        h('summary', null, `${name} ${version} · ${license}`), h('pre', { class: 'license' }, text)))));
}
