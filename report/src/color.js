// SPDX-License-Identifier: MIT
/*
 * color.js -- colours of types and series
 *
 * Hues are Paul Tol's "light" and "bright" schemes (https://personal.sron.nl/~pault/, 2021), which stay
 * apart for colour-blind eyes; "light" is made to be written on. No fact is told by colour alone.
 */

const LIGHT = ['#77aadd', '#ee8866', '#44bb99', '#eedd88', '#ffaabb', '#99ddff', '#bbcc33', '#aaaa00'];
const BRIGHT = ['#4477aa', '#ee6677', '#228833', '#b59a1d', '#2a9fbf', '#aa3377', '#7a7a7a'];
const BRIGHT_ON_DARK = ['#7aa6d8', '#f28b97', '#5dbb6a', '#d9c65a', '#7fd3ee', '#d17bb0', '#b8b8b8'];
const REST = '#c4c8cc';

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function mixed(hex, other, share) {
  const part = (text, at) => parseInt(text.slice(at, at + 2), 16);
  const mix = [1, 3, 5].map((at) => Math.round(part(hex, at) * share + part(other, at) * (1 - share)));
  return `rgb(${mix.join(' ')})`;
}

let ranks = [];

/* Says of each type by its place which is the first, second... to have a colour. */
export function rankTypes(all) {
  ranks = all;
}

/* The colour of a surface that stands for a type. The hues come a second time, paler; types beyond that share one
 * grey, and so does what is no type (-1). */
export function surface(type) {
  return surfaceOf(ranks[type] ?? -1);
}

/* The same by rank, for what is no type. */
export function surfaceOf(rank) {
  const known = rank >= 0 && rank < 2 * LIGHT.length;
  const hue = known ? LIGHT[rank % LIGHT.length] : REST;
  const share = known && rank >= LIGHT.length ? 0.45 : 0.86;
  return isDark() ? mixed(hue, '#1b222a', (known ? 0.48 : 0.3) * share) : mixed(hue, '#ffffff', share);
}

export function line(index) {
  const scheme = isDark() ? BRIGHT_ON_DARK : BRIGHT;
  return scheme[index % scheme.length];
}

export function variable(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/* From nothing to full, in one hue: lightness tells it, so that every eye sees it. */
export function fullness(share) {
  const [empty, full] = isDark() ? ['#2b333b', '#8cc4ff'] : ['#e6ebf0', '#0b4a8f'];
  return mixed(full, empty, Math.max(0, Math.min(1, share)));
}
