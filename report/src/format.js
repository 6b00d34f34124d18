// SPDX-License-Identifier: MIT
/*
 * format.js -- figures as people read them: 12,345; 1.2 MiB; 3.4 ms
 */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export function count(value) {
  return whole.format(value);
}

/* "1 object", "12 objects" */
export function counted(value, one, many = `${one}s`) {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function bytes(value) {
  let unit = 0;
  let size = Math.abs(value);
  while (size >= 1023.5 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return `${value < 0 ? '−' : ''}${size.toFixed(digits)} ${UNITS[unit]}`;
}

export function signed(value, format) {
  return value > 0 ? `+${format(value)}` : value < 0 ? `−${format(-value)}` : '0';
}

export function percent(part, all) {
  if (!all) return '–';
  const share = (100 * part) / all;
  if (part > 0 && share < 0.1) return '<0.1%';
  return `${share.toFixed(share >= 99.95 || share === 0 ? 0 : 1)}%`;
}

export function duration(nanoseconds) {
  for (const [size, unit] of [[1e9, 's'], [1e6, 'ms'], [1e3, 'µs']]) {
    if (nanoseconds >= size * 0.9995) {
      const value = nanoseconds / size;
      return `${value >= 99.95 ? value.toFixed(0) : value >= 9.995 ? value.toFixed(1) : value.toFixed(2)} ${unit}`;
    }
  }
  return `${Math.round(nanoseconds)} ns`;
}

/* The end of a long name says most: "a.b.Name" -> "…Name". */
export function shorten(text, most) {
  if (text.length <= most) return text;
  const head = Math.floor(most / 3);
  return `${text.slice(0, head)}…${text.slice(text.length - (most - head - 1))}`;
}
