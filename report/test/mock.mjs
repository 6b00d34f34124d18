// SPDX-License-Identifier: MIT
/*
 * mock.mjs -- data as `ouro report` writes it, of heaps that no program has to make
 *
 *     rich()    every part filled, near the limits of what the command writes
 *     bare()    a snapshot without objects, pools, log or sites
 *     hostile   a type name that would end the page's script, were it not escaped
 */

export const hostile = '</script><img src="x" onerror="window.broken=1"><!--<script>';
export const longName = 'com.example.application.internal.persistence.repositories.AbstractTransactionalEntityManagerFactoryBean<Session, std::vector<std::shared_ptr<Connection>>>';

/* Numbers that look random and are the same each time: xorshift. */
function randomNumbers(seed) {
  let state = seed >>> 0;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const NAMES = ['Session', 'Request', 'str', 'dict', 'list', 'Connection', 'Page', 'Node', 'Cache', 'Entry', 'Buffer', 'tuple', 'Closure', 'Frame', 'Token', 'Widget'];
const address = (random) => `7f${(0x10000000 + random(0x6fffffff)).toString(16)}`;
const FIELDS = ['next', 'items', 'parent', 'owner', 'entries', 'left', 'right', 'values', 'callback', 'buffer'];

function typesOf(random, amount) {
  const rows = [];
  for (let i = 0; i < amount; i++) {
    const objects = Math.max(1, Math.floor(420000 / (i + 1) ** 1.35) + random(40));
    const each = 24 + 8 * random(30);
    const name = i === 5 ? hostile : i === 6 ? longName : i < NAMES.length ? NAMES[i] : `app.module${i % 23}.${NAMES[i % NAMES.length]}${i}`;
    rows.push([name, i % 4 === 0 ? 1 : i % 7 === 0 ? 3 : 4, objects, objects * each, 0, each * (1 + random(50))]);
  }
  rows.sort((a, b) => b[3] - a[3]);
  rows.forEach((row, i) => { row[4] = Math.floor(row[3] * (1 + (i % 5) / 2)); });
  return rows;
}

/* A tree whose sizes add up, largest first, `amount` nodes. */
function tree(random, amount, all, make) {
  const nodes = [];
  const queue = [{ place: -1, size: all, depth: 0 }];
  while (queue.length > 0 && nodes.length < amount) {
    const { place, size, depth } = queue.shift();
    let left = Math.floor(size * (place < 0 ? 0.98 : 0.9));
    const width = depth === 0 ? 14 : 1 + random(7);
    for (let i = 0; i < width && left > 64 && nodes.length < amount; i++) {
      const part = i === width - 1 && depth > 0 ? Math.floor(left * 0.7) : Math.floor(left * (0.25 + random(40) / 100));
      if (part < 48) break;
      left -= part;
      nodes.push(make(place, part, depth));
      queue.push({ place: nodes.length - 1, size: part, depth: depth + 1 });
    }
    queue.sort((a, b) => b.size / (b.depth + 1) - a.size / (a.depth + 1));
  }
  return nodes;
}

/* What a row keeps beside its children is its own, or was left out. */
function settle(nodes, own, rest) {
  const inside = nodes.map(() => 0);
  for (const node of nodes) if (node[0] >= 0) inside[node[0]] += node[own + 1];
  nodes.forEach((node, i) => {
    const left = node[own + 1] - inside[i];
    const itself = inside[i] === 0 && i % 3 === 0 ? left : Math.min(left, 40 + ((i * 56) % 400));
    node[own] = itself;
    node[rest] = left > itself ? 1 + Math.floor((left - itself) / 90) : 0;
    node[rest + 1] = left - itself;
  });
}

function objectTree(random, amount, all, types) {
  const nodes = tree(random, amount, all, (parent, size) => {
    const type = random(Math.min(types, 24));
    const label = random(3) === 0 ? [1, 'items', random(4000)] : [0, FIELDS[random(FIELDS.length)], 0];
    return [parent, type, 0, size, address(random), random(3) === 0 ? `user-${random(9999)}` : '', parent < 0 || random(5) === 0 ? null : label, 0, 0];
  });
  settle(nodes, 2, 7);
  const shown = nodes.filter((node) => node[0] < 0).reduce((sum, node) => sum + node[3], 0);
  return { nodes, omitted: 18211, omittedBytes: all - shown };
}

function groupTree(random, amount, all, types) {
  const nodes = tree(random, amount, all, (parent, size) => [parent, random(Math.min(types, 30)), 1 + Math.floor(size / 180), 0, size, 0, 0]);
  settle(nodes, 3, 5);
  const shown = nodes.filter((node) => node[0] < 0).reduce((sum, node) => sum + node[4], 0);
  return { nodes, omitted: 40, omittedBytes: all - shown };
}

function holdersOf(random, objects) {
  return objects.nodes.slice(0, 40).map((node, i) => {
    const steps = [];
    for (let at = node; at; at = objects.nodes[at[0]]) steps.unshift([steps.length ? (at[6] ?? [0, 'value', 0]) : (at[6] ?? [2, 'session', 0]), at[1], at[5], at[4], at[3]]);
    if (steps.length > 0) steps[0][0] = null;
    return {
      type: node[1], text: node[5], address: node[4], size: node[2], retained: node[3],
      root: [i % 4 === 3 ? 1 : 0, i % 4 === 3 ? '' : 'application', 1 + (i % 3)], steps, omitted: i === 3 ? 118204 : 0, omittedAt: i === 3 ? 1 : 0,
    };
  });
}

function roundOf(random, length, withAddress) {
  return Array.from({ length }, (_, i) => [(i * 3 + length) % 12, '', withAddress ? address(random) : '', [i % 3 === 1 ? 1 : 0, FIELDS[(i + length) % FIELDS.length], i]]);
}

function cyclesOf(random) {
  const list = [12, 2, 3, 1, 6, 30, 4, 2].map((length, i) => ({
    groups: i === 0 ? 1 : 1 + random(9000), objects: length * (40 + random(2000)), size: 9000 * (20 - i), held: 30000 * (20 - i), unreachedGroups: i === 1 || i === 4 ? 1 : 0,
    example: {
      objects: i === 0 ? 5120 : length + (i % 2) * 5, round: roundOf(random, i === 0 ? 4 : length, true),
      types: Array.from({ length: i === 0 ? 9 : 3 }, (_, at) => [(at * 2 + i) % 16, 3000 >> at, 90000 >> at]),
      links: Array.from({ length: i === 0 ? 14 : 4 }, (_, at) => [at % (i === 0 ? 9 : 3), (at * 2 + 1) % (i === 0 ? 9 : 3), at % 4 === 0 ? 1 : 0, FIELDS[at % FIELDS.length], 4000 >> at]),
      omittedSteps: 0, omittedTypes: i === 0 ? 6 : 0, omittedLinks: i === 0 ? 21 : 0,
    },
  }));
  const found = [2, 3, 5, 1].map((length, i) => ({ found: 4000 >> i, objects: (4000 >> i) * length * 3, size: 800000 >> i, site: i + 1, omittedSteps: 0, round: roundOf(random, length, false) }));
  const count = list.reduce((sum, form) => sum + form.groups, 0);
  return { count, objects: list.reduce((sum, form) => sum + form.objects, 0), bytes: list.reduce((sum, form) => sum + form.size, 0), list, omitted: 3, omittedGroups: 9, omittedBytes: 7700, found, foundOmitted: 2 };
}

function growthOf(random, types, totals) {
  const snapshots = [0.62, 0.71, 0.8, 0.92, 1].map((share, i) => ({ file: `server-${i + 1}.snapshot`, time: `2025-06-0${i + 1} 10:00:00`, objects: Math.floor(totals.objects * share), size: Math.floor(totals.bytes * share) }));
  const rows = types.slice(0, 400).map(([, , objects, size], type) => {
    const slope = [0.9, 0.2, -0.3, 0.05, 0][type % 5];
    const at = (value, i) => Math.max(0, Math.floor(value * (1 - slope * (1 - i / 4))));
    return [type, snapshots.map((_, i) => at(objects, i)), snapshots.map((_, i) => at(size, i))];
  });
  const places = [[0, 'request log', 'entries', 80000, 9400000], [4, '', 'items', 1200, 480000]].map(([type, text, name, born, held]) => ({ type, text, address: address(random), edge: [1, name, born], born, held, root: [0, 'application', 1], steps: [[null, 3, '', 'aa', 1], [[0, 'log', 0], type, text, 'bb', 1]], omitted: 0, omittedAt: 0 }));
  return { snapshots, rows, omitted: { types: 812, grown: 20480 }, places, born: { objects: 190000, size: 24000000 } };
}

function poolsOf(random, amount) {
  const columns = { address: [], kind: [], block: [], capacity: [], live: [], cached: [], free: [], bytes: [] };
  const sums = new Map();
  for (let i = 0; i < amount; i++) {
    const block = i % 97 === 0 ? 0 : 16 + 8 * Math.floor((i / amount) ** 2 * 40);
    const kind = i % 3;
    const capacity = block ? Math.floor(65536 / block) : 0;
    const live = capacity === 0 ? 0 : random(3) ? capacity - random(Math.ceil(capacity / 8)) : random(capacity);
    const free = Math.floor((capacity - live) / 2);
    const row = { address: (0x7f0000000000 + i * 65536).toString(16), kind, block, capacity, live, cached: Math.min(4, capacity - live - free), free, bytes: 65536 };
    for (const key of Object.keys(columns)) columns[key].push(row[key]);
    const key = `${block ? kind : 0} ${block}`;
    const sum = sums.get(key) ?? [block ? kind : 0, block, 0, 0, 0, 0, 0, 0];
    [1, capacity, live, row.cached, free, 65536].forEach((value, at) => { sum[at + 2] += value; });
    sums.set(key, sum);
  }
  return { count: amount + 3, columns, classes: [...sums.values()], omitted: 3, omittedBytes: 3 * 65536 };
}

function timelineOf(random) {
  const names = ['young', 'nearby', 'whole', 'step', 'count', 'decide', 'scan', 'check', 'sever', 'reclaim', 'finalizers'];
  const events = [];
  const add = (kind, generation, name, start, length, candidates = 0, collected = 0) => events.push([kind, generation, names.indexOf(name), start, length, candidates, collected, 0]);
  const sums = new Map();
  for (let i = 0; i < 600; i++) {
    const start = i * 2e7 + random(4e6);
    const length = 120000 + random(400000);
    add(0, i % 5 === 0 ? 1 : 0, i % 5 === 0 ? 'nearby' : 'young', start, length, 4096, random(2400));
    let at = start;
    for (const name of ['scan', 'check', 'sever', 'reclaim']) {
      const part = Math.floor(length / 4.3);
      add(3, 0, name, at, part);
      at += part;
    }
  }
  for (let i = 0; i < 5; i++) {
    const start = 1e9 + i * 2.3e9;
    add(1, 2, 'whole', start, 9e8, 800000, 30000 * (i + 1));
    for (let step = 0; step < 60; step++) {
      const at = start + step * 1.5e7;
      const length = 300000 + random(900000);
      add(2, 2, 'step', at, length);
      add(3, 2, ['count', 'decide', 'scan', 'check', 'sever', 'reclaim'][Math.floor(step / 10)], at, length - 2000);
    }
  }
  events.sort((a, b) => a[3] - b[3]);
  for (const [kind, generation, name, , length, , collected] of events) {
    const key = `${kind} ${generation} ${name}`;
    const sum = sums.get(key) ?? [kind, generation, name, 0, 0, 0, 0];
    sum[3] += 1;
    sum[4] += length;
    sum[5] = Math.max(sum[5], length);
    sum[6] += collected;
    sums.set(key, sum);
  }
  const samples = [[], [], [], []];
  for (let i = 0; i < 1600; i++) {
    const live = 4e7 + i * 62000 + 8e6 * Math.abs(((i % 90) - 45) / 45);
    [i * 7.6e6, Math.floor(live / 110), Math.floor(live), Math.ceil((live * 1.18) / 2097152) * 2097152].forEach((value, at) => samples[at].push(value));
  }
  return { samples, sampleCount: 48000, events, names, eventCount: events.length + 900, totals: [...sums.values()] };
}

function sitesOf(random) {
  const chain = ['main', 'run_server', 'serve', 'handle_request', 'parse_headers', 'route', 'render_page', 'load_session', 'cache_put', 'list_append', 'make_string', 'open_connection', 'read_row'];
  const frames = chain.map((name, i) => [name, `/src/server/${['main', 'net', 'cache'][i % 3]}.c`, 20 + 7 * i, '/usr/bin/server', (0x1200 + 64 * i).toString(16)]);
  frames.push(['', '', 0, '/usr/lib/libplugin.so', '4a1f0']);
  const list = [];
  for (let i = 1; i < 160; i++) {
    const depth = 2 + random(9);
    const way = Array.from({ length: depth }, (_, at) => (at === 0 ? 5 + random(9) : Math.min(12, Math.max(0, depth - at - 1 + random(2)))));
    const live = 40000000 >> (i % 14);
    list.push({ site: i, liveObjects: 1 + Math.floor(live / 96), liveBytes: live, objects: live / 8, bytes: live * 11, peak: live * 2, frames: way });
  }
  list.sort((a, b) => b.liveBytes - a.liveBytes);
  return { count: 190, list, frames, omitted: 31, omittedBytes: 4096 };
}

/* A million objects, everything known. */
export function rich(seed = 7) {
  const random = randomNumbers(seed);
  const types = typesOf(random, 900);
  const bytes = types.reduce((sum, row) => sum + row[3], 0) + 180000;
  const objects = types.reduce((sum, row) => sum + row[2], 0) + 900;
  const totals = { objects, bytes, edges: objects * 3, looseEdges: 4120, droppedEdges: 12, types: 1712, roots: 47, unreachable: 5210, unreachableBytes: 812000, fileBytes: bytes / 9, unpackedBytes: bytes / 3 };
  const dominators = objectTree(random, 4000, bytes - totals.unreachableBytes, types.length);
  return {
    version: 1, generator: '0.2.0', file: 'server-5.snapshot', notes: [['program', '/usr/bin/server --workers 4'], ['pid', '48213'], ['time', '2025-06-05T10:00:00Z'], ['heap', 'main'], ['source', 'ouro 0.2.0']], totals, types,
    census: { count: types.length, omitted: 812, omittedObjects: 900, omittedBytes: 180000 },
    dominators, groups: groupTree(random, 4000, bytes - totals.unreachableBytes, types.length), holders: holdersOf(random, dominators),
    cycles: cyclesOf(random), growth: growthOf(random, types, totals), pools: poolsOf(random, 3200), timeline: timelineOf(random), sites: sitesOf(random),
  };
}

export function bare() {
  const none = { nodes: [], omitted: 0, omittedBytes: 0 };
  return {
    version: 1, generator: '0.2.0', file: 'empty.snapshot', notes: [],
    totals: { objects: 0, bytes: 0, edges: 0, looseEdges: 0, droppedEdges: 0, types: 0, roots: 0, unreachable: 0, unreachableBytes: 0, fileBytes: 212, unpackedBytes: 90 },
    types: [], census: { count: 0, omitted: 0, omittedObjects: 0, omittedBytes: 0 }, dominators: none, groups: none, holders: [],
    cycles: { count: 0, objects: 0, bytes: 0, list: [], omitted: 0, omittedGroups: 0, omittedBytes: 0, found: [], foundOmitted: 0 },
    growth: { snapshots: [{ file: 'empty.snapshot', time: '', objects: 0, size: 0 }], rows: [], omitted: { types: 0, grown: 0 }, places: [], born: { objects: 0, size: 0 } },
    pools: { count: 0, columns: { address: [], kind: [], block: [], capacity: [], live: [], cached: [], free: [], bytes: [] }, classes: [], omitted: 0, omittedBytes: 0 },
    timeline: { samples: [[], [], [], []], sampleCount: 0, events: [], names: [], eventCount: 0, totals: [] },
    sites: { count: 0, list: [], frames: [], omitted: 0, omittedBytes: 0 },
  };
}

/* The page with data in it, as the command makes it. */
export function pageOf(template, data) {
  const [before, after] = template.split('OURO_DATA');
  return before + JSON.stringify(data).replaceAll('<', '\\u003c') + after;
}
