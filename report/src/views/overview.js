// SPDX-License-Identifier: MIT
/*
 * overview.js -- the first page: key figures, what stands out, and where memory is, in one look
 */
import { h, view } from '../dom.js';
import { bytes, count, counted, duration, percent, signed } from '../format.js';
import { EVENT, linkText, objectName, ROOT_KINDS, wayText } from '../data.js';
import { surface } from '../color.js';
import { typeName } from './types.js';

const STRIP_TYPES = 8;
const NOTEWORTHY = 0.05;

function figure(value, name, note) {
  return h('div', { class: 'figure' }, h('span', { class: 'figure-name' }, name), h('span', { class: 'figure-value' }, value), note && h('span', { class: 'figure-note' }, note));
}

/* Bytes of blocks that pools have cut, and of those that live; null without pools. What was never cut is only an address. */
function poolSums(model) {
  if (model.pools.count === 0) return null;
  return model.pools.classes.reduce(({ live, all }, [, block, , , blocks, cached, free]) => (
    { live: live + blocks * block, all: all + (blocks + cached + free) * block }), { live: 0, all: 0 });
}

function longestPause(model) {
  return model.timeline.totals.filter(([kind]) => kind === EVENT.PASS || kind === EVENT.STEP).reduce((most, total) => Math.max(most, total[5]), 0);
}

function figures(model) {
  const { totals } = model;
  const sums = poolSums(model);
  const pause = longestPause(model);
  const [from, to] = [model.growth.snapshots[0], model.growth.snapshots[model.growth.snapshots.length - 1]];
  return h('div', { class: 'figures' },
    figure(bytes(totals.bytes), 'Memory of objects', model.growth.snapshots.length > 1 ? `${signed(to.size - from.size, bytes)} since the first snapshot` : null),
    figure(count(totals.objects), 'Objects', `of ${counted(totals.types, 'type')}`),
    figure(bytes(totals.unreachableBytes), 'Garbage not yet freed', totals.unreachable ? counted(totals.unreachable, 'object') : 'all is held by something'),
    figure(count(model.cycles.objects), 'Objects in cycles', model.cycles.count ? `${counted(model.cycles.count, 'group')} of ${counted(model.cycles.list.length + model.cycles.omitted, 'form')}` : 'none'),
    sums && figure(percent(sums.live, sums.all), 'Blocks in use', `${bytes(sums.live)} of ${bytes(sums.all)}`),
    pause > 0 && figure(duration(pause), 'Longest pause', `in ${counted(model.timeline.totals.filter(([kind]) => kind !== EVENT.PHASE && kind !== EVENT.CYCLE).reduce((sum, total) => sum + total[3], 0), 'pause')}`));
}

const go = (to, text) => h('a', { href: `#${to}` }, text);

/* Sentences on what stands out, each with the view that shows it. */
function findings(model) {
  const { totals } = model;
  const found = [];
  const top = model.types[0];
  if (top) found.push(['types', [typeName(model, 0), ` takes the most memory: ${bytes(top.size)} (${percent(top.size, totals.bytes)}) in ${counted(top.objects, 'object')}.`]]);
  const holder = model.holders[0];
  if (holder && holder.retained > NOTEWORTHY * totals.bytes) {
    const [kind, name] = holder.root ?? [];
    found.push(['holders', [`${objectName(model, holder)} alone keeps ${bytes(holder.retained)} alive (${percent(holder.retained, totals.bytes)})`, name ? `, held through the ${ROOT_KINDS[kind]} “${name}”.` : '.']]);
  }
  const grown = model.growth.snapshots.length > 1 && model.growth.rows
    .map(([type, , size]) => [type, size[size.length - 1] - size[0]]).sort((a, b) => b[1] - a[1])[0];
  if (grown && grown[1] > 0) {
    const place = model.growth.places[0];
    found.push(['growth', [typeName(model, grown[0]), ` grew most: by ${bytes(grown[1])}.`, place && ` New objects hang mostly below ${place.root ? wayText(place) : objectName(model, place)}${linkText(place.edge)}.`]]);
  }
  if (totals.unreachable > 0) found.push(['cycles', [`${counted(totals.unreachable, 'object')} (${bytes(totals.unreachableBytes)}) are garbage in cycles, or hang on it: the next collection frees them.`]]);
  const sums = poolSums(model);
  if (sums && sums.all > 1 << 20 && sums.live < sums.all / 2) found.push(['pools', [`Less than half of the memory that pools have cut into blocks is in use: ${bytes(sums.all - sums.live)} wait.`]]);
  return found;
}

function strip(model) {
  const parts = model.types.filter(({ place }) => place < Math.min(STRIP_TYPES, model.census.count));
  const rest = model.totals.bytes - parts.reduce((sum, { size }) => sum + size, 0);
  const share = (size) => ({ 'flex-grow': size, background: 'var(--sink)' });
  return [h('div', { class: 'type-strip', 'aria-hidden': 'true' },
    parts.map(({ place, size }) => h('span', { style: { ...share(size), background: surface(place) } })), rest > 0 && h('span', { style: { ...share(rest), background: surface(-1) } })),
  h('ul', { class: 'type-list' }, parts.map(({ place, size }) => h('li', null, typeName(model, place), h('span', { class: 'amount' }, `${bytes(size)} · ${percent(size, model.totals.bytes)}`))),
    rest > 0 && h('li', null, h('span', { class: 'name' }, h('span', { class: 'swatch', 'aria-hidden': 'true', style: { background: surface(-1) } }), 'all others'), h('span', { class: 'amount' }, `${bytes(rest)} · ${percent(rest, model.totals.bytes)}`)))];
}

/* Which program, and when, as far as the notes tell. */
function origin(model) {
  const notes = new Map(model.notes);
  const known = [notes.get('program'), notes.has('heap') && `heap “${notes.get('heap')}”`, notes.has('pid') && `process ${notes.get('pid')}`,
    notes.get('time')?.replace('T', ' ').replace(/Z$/, ' UTC'), notes.get('source')];
  return known.filter(Boolean).join(' · ') || 'A heap at one moment.';
}

export function overview(model) {
  const said = findings(model);
  return view('Overview', origin(model), figures(model),
    said.length > 0 && h('section', { class: 'card' }, h('h3', null, 'What stands out'),
      h('ul', { class: 'findings' }, said.map(([to, words]) => h('li', null, h('span', null, words), go(to, 'Look'))))),
    model.totals.bytes > 0 && h('section', { class: 'card' }, h('h3', null, 'Memory by type'), strip(model), h('p', { class: 'remark' }, go('types', 'All types'), ' · ', go('map', 'Memory map'))));
}
