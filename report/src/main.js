// SPDX-License-Identifier: MIT
/*
 * main.js -- the page: its frame, its views, its themes
 *
 * A view is a function of the model that returns elements; it is drawn when it is looked at. The part of the
 * address after # says which.
 */
import { decode } from './data.js';
import { h, svg, hideHint } from './dom.js';
import { count } from './format.js';
import { about } from './views/about.js';
import { cycles } from './views/cycles.js';
import { dominators } from './views/dominators.js';
import { growth } from './views/growth.js';
import { holders } from './views/holders.js';
import { map } from './views/map.js';
import { overview } from './views/overview.js';
import { pools } from './views/pools.js';
import { sites } from './views/sites.js';
import { timeline } from './views/timeline.js';
import { types } from './views/types.js';

const VIEWS = [
  ['overview', 'Overview', overview],
  ['map', 'Memory map', map],
  ['dominators', 'Dominators', dominators],
  ['holders', 'What holds it', holders, (m) => m.holders.length],
  ['cycles', 'Cycles', cycles, (m) => m.cycles.count + m.cycles.found.length],
  ['growth', 'Growth', growth, (m) => (m.growth.snapshots.length > 1 ? m.growth.snapshots.length : 0)],
  ['types', 'Types', types, (m) => m.totals.types],
  ['pools', 'Pools', pools, (m) => m.pools.count],
  ['timeline', 'Timeline', timeline, (m) => m.timeline.eventCount],
  ['sites', 'Allocation sites', sites, (m) => m.sites.count],
  ['about', 'About', about],
];

function ring() {
  return svg('svg', { viewBox: '0 0 32 32', class: 'ring', 'aria-hidden': 'true' },
    svg('circle', { cx: 16, cy: 16, r: 11, fill: 'none', 'stroke-width': 6, 'stroke-dasharray': '60 9', 'stroke-linecap': 'round' }));
}

/* The choice of light or dark lives as long as the page: a file has no place to keep it. */
function themeButton(redraw) {
  const dark = () => document.documentElement.dataset.theme === 'dark'
    || (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches);
  const name = () => (dark() ? 'Light' : 'Dark');
  const button = h('button', {
    type: 'button', class: 'theme',
    onclick: () => {
      document.documentElement.dataset.theme = dark() ? 'light' : 'dark';
      show();
      redraw();
    },
  });
  function show() {
    button.textContent = name();
    button.setAttribute('aria-label', `Show in ${name().toLowerCase()} colours`);
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { show(); redraw(); });
  show();
  return button;
}

function start(model) {
  const content = h('main', { id: 'content', tabindex: '-1' });
  const links = VIEWS.map(([id, title, , amount]) => h('a', { href: `#${id}`, 'data-view': id }, h('span', null, title),
    amount?.(model) > 0 && h('span', { class: 'amount' }, count(amount(model)))));
  let drawn = null;

  function draw() {
    hideHint();
    const [id, title, render] = VIEWS.find(([name]) => `#${name}` === location.hash) ?? VIEWS[0];
    for (const link of links) {
      if (link.dataset.view === id) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    const current = links.find((link) => link.dataset.view === id);
    current.parentElement?.scrollTo?.({ left: current.offsetLeft - 40 });
    document.title = `${title} · ${model.file} · ouro report`;
    content.dataset.view = id;
    content.replaceChildren();
    content.append(...render(model, content).flat(Infinity).filter(Boolean));
    if (drawn && drawn !== id) {
      scrollTo(0, 0);
      content.querySelector('h2').focus({ preventScroll: true });
    }
    drawn = id;
  }

  document.getElementById('app').replaceChildren(
    h('header', { class: 'top' },
      h('h1', null, ring(), h('span', { class: 'brand' }, 'ouro'), h('span', { class: 'file', title: model.file }, model.file)),
      themeButton(draw)),
    h('div', { class: 'frame' }, h('nav', { 'aria-label': 'Views' }, links), content));
  document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault();
    content.focus();
  });
  addEventListener('hashchange', draw);
  let width = innerWidth;
  let waiting = 0;
  addEventListener('resize', () => {
    if (innerWidth === width) return; // a phone's address bar comes and goes
    width = innerWidth;
    clearTimeout(waiting);
    waiting = setTimeout(draw, 150);
  });
  draw();
}

try {
  start(decode(JSON.parse(document.getElementById('data').textContent)));
} catch (error) {
  document.getElementById('app').replaceChildren(h('p', { class: 'failure', role: 'alert' },
    `This report cannot be shown: ${error.message}. Please write it again with \`ouro report\`.`));
  throw error;
}
