// SPDX-License-Identifier: MIT
/*
 * table.js -- a table that sorts by any column, filters by text and shows its rows in portions
 *
 *     table({ columns, rows, label, sort: 'size', filter: 'Filter types' })
 *
 * A column: { key, title, value(row), text(row), cell(row), number, wide, ascending }. `value` sorts, `text` shows
 * and is what the filter looks into, `cell` may show something richer; `wide` columns are left out on narrow screens.
 */
import { h } from './dom.js';
import { count } from './format.js';

const PORTION = 100;

function compare(a, b) {
  return typeof a === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true });
}

export function table({ columns, rows, label, sort, filter, remark, select }) {
  let column = columns.find(({ key }) => key === sort);
  let ascending = false;
  let words = '';
  let limit = PORTION;
  const body = h('tbody');
  const status = h('p', { class: 'status', role: 'status' });
  const more = h('button', { type: 'button', class: 'more', onclick: () => { limit += 10 * PORTION; draw(); } });

  const classOf = ({ number, wide }) => [number && 'number', wide && 'wide'].filter(Boolean).join(' ') || undefined;
  const heads = columns.map((each) => h('th', { scope: 'col', class: classOf(each) },
    each.value ? h('button', { type: 'button', onclick: () => sortBy(each) }, each.title) : each.title));

  function sortBy(each) {
    ascending = column === each ? !ascending : Boolean(each.ascending);
    column = each;
    draw();
  }

  function matching() {
    const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
    if (wanted.length === 0) return rows;
    return rows.filter((row) => {
      const text = columns.filter(({ number }) => !number).map((each) => each.text(row)).join(' ').toLowerCase();
      return wanted.every((word) => text.includes(word));
    });
  }

  function drawRow(row) {
    const cells = columns.map((each, i) => h(i === 0 ? 'th' : 'td', {
      class: classOf(each), scope: i === 0 ? 'row' : undefined,
    }, each.cell ? each.cell(row) : each.text(row)));
    return h('tr', select && { class: 'selectable', onclick: () => select(row) }, cells);
  }

  function draw() {
    const found = matching();
    if (column) {
      found === rows && (rows = [...rows]);
      found.sort((a, b) => (ascending ? 1 : -1) * compare(column.value(a), column.value(b)));
    }
    heads.forEach((head, i) => {
      head.setAttribute('aria-sort', columns[i] !== column ? 'none' : ascending ? 'ascending' : 'descending');
    });
    const shown = found.slice(0, limit);
    body.replaceChildren(...shown.map(drawRow));
    if (found.length === 0) {
      body.append(h('tr', null, h('td', { colspan: columns.length, class: 'nothing' }, `Nothing matches “${words}”.`)));
    }
    status.textContent = filter ? `${count(found.length)} of ${count(rows.length)}` : '';
    more.hidden = shown.length === found.length;
    more.textContent = `Show more (${count(found.length - shown.length)} left)`;
  }

  const input = filter && h('input', {
    type: 'search', placeholder: filter, 'aria-label': filter, autocomplete: 'off', spellcheck: 'false',
    oninput: (event) => { words = event.target.value; limit = PORTION; draw(); },
  });
  draw();
  return h('div', { class: 'table-box' },
    input && h('div', { class: 'table-tools' }, input, status),
    h('div', { class: 'table-scroll', tabindex: '0', role: 'region', 'aria-label': label },
      h('table', null, h('caption', { class: 'hidden' }, label), h('thead', null, h('tr', null, heads)), body)),
    more, remark && h('p', { class: 'remark' }, remark));
}

/* A bar in a cell: how much of `all` this is. */
export function bar(part, all, text) {
  const share = all > 0 ? Math.max(0, Math.min(1, part / all)) : 0;
  return h('span', { class: 'bar' }, h('span', { class: 'bar-text' }, text),
    h('span', { class: 'bar-track', 'aria-hidden': 'true' }, h('span', { class: 'bar-fill', style: { width: `${100 * share}%` } })));
}
