// SPDX-License-Identifier: MIT
/*
 * dom.js -- elements in one expression
 *
 * Text only ever becomes a text node: what a snapshot says is never read as HTML. Styles are set as
 * properties, because the page's policy refuses style attributes.
 */

const SVG = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else if (name === 'style') {
      for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
    } else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/* h('button', { class: 'quiet', onclick: f }, 'text', child...) */
export function h(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

/* A heading, what the view answers, and its content. */
export function view(title, lead, ...content) {
  return [h('header', { class: 'view-head' }, h('h2', { tabindex: '-1' }, title), lead && h('p', { class: 'lead' }, lead)), ...content];
}

/* Why there is nothing here, and how to get it. */
export function empty(why, how, code) {
  return h('div', { class: 'empty' }, h('p', { class: 'empty-why' }, why), h('p', null, how),
    code && h('pre', null, h('code', null, code)));
}

/* One choice of several, as buttons. */
export function choice(label, options, chosen, onchoose) {
  const buttons = options.map(([value, text]) => h('button', {
    type: 'button', 'aria-pressed': String(value === chosen),
    onclick: (event) => {
      for (const button of buttons) button.setAttribute('aria-pressed', String(button === event.currentTarget));
      onchoose(value);
    },
  }, text));
  return h('div', { class: 'choice', role: 'group', 'aria-label': label }, buttons);
}

/* ---- a hint beside the pointer or the focus ---------------------------------- */

let hint = null;

export function showHint(lines, x, y) {
  if (!hint) document.body.append(hint = h('div', { class: 'hint', role: 'presentation', 'aria-hidden': 'true' }));
  hint.replaceChildren(...lines.map((line, i) => h(i === 0 ? 'strong' : 'span', null, line)));
  hint.hidden = false;
  const { width, height } = hint.getBoundingClientRect();
  const left = Math.min(x + 14, innerWidth - width - 8);
  const top = y + height + 22 > innerHeight ? y - height - 12 : y + 16;
  hint.style.left = `${Math.max(8, left)}px`;
  hint.style.top = `${Math.max(8, top)}px`;
}

export function hideHint() {
  if (hint) hint.hidden = true;
}
