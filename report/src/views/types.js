// SPDX-License-Identifier: MIT
/*
 * types.js -- the census: every type with its objects and bytes
 */
import { h, view, empty } from '../dom.js';
import { bytes, count, counted, percent, shorten } from '../format.js';
import { surface } from '../color.js';
import { bar, table } from '../table.js';

export function swatch(place) {
  return h('span', { class: 'swatch', 'aria-hidden': 'true', style: { background: surface(place) } });
}

/* A type by name, with its colour. */
export function typeName(model, place, most = 56) {
  const name = model.typeName(place);
  const text = shorten(name, most);
  return h('span', { class: 'name' }, swatch(place), h('span', { class: 'mono', title: text === name ? undefined : name }, text));
}

function traits({ tracked, finalizer, variable }) {
  return [tracked ? 'in cycles' : 'acyclic', finalizer && 'finalizer', variable && 'variable size'].filter(Boolean).join(', ');
}

export function types(model) {
  const { totals, census } = model;
  const lead = 'Every type with its objects. Retained is what would be free if all objects of the type were gone.';
  if (totals.objects === 0) {
    return view('Types', lead, empty('The snapshot has no objects.', 'The heap was empty when it was written. Write a snapshot while the program holds something:',
      'ouro_snapshot_save(heap, "program.snapshot", NULL, &error);'));
  }
  const rows = model.types.filter(({ place }) => place < census.count);
  const most = Math.max(...rows.map(({ size }) => size));
  const remark = census.omitted > 0 && `Left out: ${counted(census.omitted, 'smaller type')} with ${counted(census.omittedObjects, 'object')} and ${bytes(census.omittedBytes)}.`;
  return view('Types', lead, table({
    label: 'Types', rows, sort: 'size', filter: 'Filter types by name', remark,
    columns: [
      { key: 'name', title: 'Type', ascending: true, value: (t) => t.name, text: (t) => t.name, cell: (t) => typeName(model, t.place, 160) },
      { key: 'size', title: 'Bytes', number: true, value: (t) => t.size, text: (t) => bytes(t.size), cell: (t) => bar(t.size, most, bytes(t.size)) },
      { key: 'share', title: 'Share', number: true, wide: true, value: (t) => t.size, text: (t) => percent(t.size, totals.bytes) },
      { key: 'objects', title: 'Objects', number: true, value: (t) => t.objects, text: (t) => count(t.objects) },
      { key: 'retained', title: 'Retained', number: true, value: (t) => t.retained, text: (t) => bytes(t.retained) },
      { key: 'average', title: 'Average', number: true, wide: true, value: (t) => t.size / t.objects, text: (t) => bytes(t.size / t.objects) },
      { key: 'largest', title: 'Largest', number: true, wide: true, value: (t) => t.largest, text: (t) => bytes(t.largest) },
      { key: 'traits', title: 'Traits', wide: true, value: traits, text: traits },
    ],
  }));
}
