// SPDX-License-Identifier: MIT
//
// System node: V8's generational collector, under Node
//
// The same command line and the same work as the programs in C (see bench/README.md).
// Started with --expose-gc.  Times are processor time of all threads together; a
// pause is what the working thread saw.
'use strict';
const fs = require('fs');

const UNSUPPORTED = 3;
const RING_NODES = 10, LIVE_NODES = 5000000, LIVE_RINGS = 2000000, LIVE_WINDOW = 100000;

class Node {
  constructor(a, b) {
    this.a = a;
    this.b = b;
  }
}

class Link {
  constructor(next) {
    this.next = next;
    this.previous = null;
    this.surprise = null;
  }
}

// What lives is reachable from here.
let root = null, living = [], window = [], kept = null;

// ---- clocks, memory, output ---------------------------------------------------

function cpuNs() {
  const usage = process.cpuUsage();
  return (usage.user + usage.system) * 1000;
}

const wallNs = () => performance.now() * 1e6;

function statusBytes(key) {
  const line = fs.readFileSync('/proc/self/status', 'utf8').split('\n')
    .find(each => each.startsWith(key));
  return parseInt(line.slice(key.length)) * 1024;
}

const residentBytes = () => statusBytes('VmRSS:');
const peakBytes = () => statusBytes('VmHWM:');
const peakForget = () => fs.writeFileSync('/proc/self/clear_refs', '5');
const report = (name, metric, value) => console.log(name, metric, String(value));

function verify(condition, what) {
  if (condition) return;
  console.error('the work was not done: ' + what);
  process.exit(1);
}

// ---- pauses: as support/pauses.h, with 64 buckets for each doubling ----------------

const LONG_NS = 100000, STEPS = 64;
const buckets = new Int32Array(STEPS * 44);
let samples = 0, longest = 0, begun = 0, waited = 0;

const waitedNs = () => Number(fs.readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[1]);

function pausesBegin() {
  waited = waitedNs();
  begun = wallNs();
}

function pausesEnd() {
  const now = wallNs(), whole = now - begun;
  const ns = whole > LONG_NS ? Math.max(0, whole - (waitedNs() - waited)) : whole;
  if (ns > longest) longest = ns;
  buckets[ns > 1 ? Math.floor(STEPS * Math.log2(ns)) : 0]++;
  if (whole > LONG_NS || ++samples % 1024 === 0) pausesBegin();
  else begun = now;
}

function percentileNs(share) {
  const all = buckets.reduce((sum, count) => sum + count, 0);
  let bucket = 0;
  for (let seen = buckets[0]; seen < share * all; seen += buckets[bucket]) bucket++;
  return Math.min(2 ** ((bucket + 1) / STEPS), longest);
}

function pausesReport(name) {
  for (const [metric, share] of [['p50', 0.5], ['p99', 0.99], ['p999', 0.999],
    ['p9999', 0.9999], ['p99999', 0.99999]])
    report(name, `pause_${metric}_us`, percentileNs(share) / 1000);
  report(name, 'pause_max_us', longest / 1000);
}

// ---- memory over the work: as support/growth.h ------------------------------------

const LOOKS = 200;
const series = new Float64Array(LOOKS);
let looks = 0, nextLook = 0;

// 200 times in all it looks at resident bytes, which is nobody's pause.
function seriesLook(done, amount) {
  if (done < nextLook || looks === LOOKS) return;
  series[looks++] = residentBytes();
  nextLook = Math.floor(amount * looks / LOOKS);
  pausesBegin();
}

function seriesWrite(name) {
  if (!process.env.BENCH_SERIES) return;
  const lines = Array.from(series.slice(0, looks), (bytes, i) => `${name} ${i / LOOKS} ${bytes}\n`);
  fs.appendFileSync(process.env.BENCH_SERIES, lines.join(''));
}

// ---- the structures ---------------------------------------------------------------

let seed = 42;

function randomBelow(limit) {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return Math.floor(seed / 0x80000000 * limit);
}

function treeBuild(levels) {
  return levels <= 1 ? new Node(null, null)
    : new Node(treeBuild(levels - 1), treeBuild(levels - 1));
}

function treeCount(node) {
  return node.a === null ? 1 : 1 + treeCount(node.a) + treeCount(node.b);
}

function ringBuild() {
  const first = new Node(null, null);
  let last = first;
  for (let i = 1; i < RING_NODES; i++) {
    const node = new Node(null, last);
    last.a = node;
    last = node;
  }
  last.a = first;
  first.b = last;
  return first;
}

function ringCount(first) {
  let count = 0, node = first;
  do {
    if (node.a.b !== node) return -1;
    node = node.a;
    count++;
  } while (node !== first);
  return count;
}

function chainBuild(count) {
  let first = null;
  for (let i = 0; i < count; i++) {
    const made = new Link(first);
    if (first !== null) first.previous = made;
    first = made;
  }
  return first;
}

function graphBuild(count) {
  seed = 42;
  living = new Array(count);
  for (let i = 0; i < count; i++) living[i] = new Node(null, null);
  for (const node of living) {
    node.a = living[randomBelow(count)];
    node.b = living[randomBelow(count)];
  }
}

function graphVerify() {
  seed = 42;
  for (const node of living) {
    verify(node.a === living[randomBelow(living.length)], 'reference a of the graph');
    verify(node.b === living[randomBelow(living.length)], 'reference b of the graph');
  }
}

// ---- workloads ----------------------------------------------------------------------

function runTrees(scale) {
  let depth = 16;
  for (; scale <= 0.25 && depth > 6; scale *= 4) depth -= 2;
  const start = cpuNs();
  let nodes = treeCount(treeBuild(depth + 2));
  root = treeBuild(depth + 1);
  let expected = (2 << (depth + 1)) - 1 + (1 << (depth + 1)) - 1;
  for (let level = 4; level <= depth; level += 2) {
    const rounds = 1 << (depth - level + 4);
    expected += rounds * ((1 << (level + 1)) - 1);
    for (let i = 0; i < rounds; i++) nodes += treeCount(treeBuild(level + 1));
  }
  nodes += treeCount(root);
  verify(nodes === expected, 'nodes counted');
  report('main', 'ns_per_object', (cpuNs() - start) / nodes);
  report('main', 'peak_bytes', peakBytes());
}

function runTree(scale) {
  global.gc();
  const before = residentBytes();
  root = treeBuild(20);
  global.gc();
  report('build', 'bytes_per_object', (residentBytes() - before) / ((1 << 20) - 1));
  const levels = scale < 1 ? 18 : 20, nodes = (1 << levels) - 1;
  let build = 0, drop = 0;
  for (let round = 0; round < 5; round++) {
    const start = cpuNs();
    root = treeBuild(levels);
    const built = cpuNs();
    verify(treeCount(root) === nodes, 'nodes of the tree');
    const counted = cpuNs();
    root = null;
    global.gc();
    drop += cpuNs() - counted;
    build += built - start;
  }
  report('build', 'ns_per_object', build / (5 * nodes));
  report('drop', 'ns_per_object', drop / (5 * nodes));
}

function runList(scale) {
  const count = Math.floor(10000000 * scale);
  let start = cpuNs();
  for (let i = 0; i < count; i++) root = new Node(root, null);
  report('build', 'ns_per_object', (cpuNs() - start) / count);
  let found = 0;
  for (let node = root; node !== null; node = node.a) found++;
  verify(found === count, 'nodes of the list');
  start = cpuNs();
  root = null;
  global.gc();
  report('drop', 'ns_per_object', (cpuNs() - start) / count);
}

function runRings(scale) {
  verify(ringCount(ringBuild()) === RING_NODES, 'nodes of a ring');
  const rings = Math.floor(1000000 * scale), start = cpuNs();
  for (let i = 0; i < rings; i++) root = ringBuild();
  report('main', 'ns_per_object', (cpuNs() - start) / (rings * RING_NODES));
  report('main', 'peak_bytes', peakBytes());
}

function liveRingsWork(name, rings) {
  seed = 43;
  for (let i = 0; i < rings; i++) {
    const ring = ringBuild();
    if (name === 'old') window[i % window.length] = ring;
    else if (name === 'into') ring.b = living[randomBelow(living.length)];
    root = ring;
    pausesEnd();
    seriesLook(i, rings);
  }
}

function runLiveRings(name, scale) {
  if (!['empty', 'main', 'old', 'into'].includes(name)) process.exit(UNSUPPORTED);
  const rings = Math.floor(LIVE_RINGS * scale);
  if (name !== 'empty') graphBuild(Math.floor(LIVE_NODES * scale));
  if (name === 'old')
    window = Array.from({ length: Math.max(100, LIVE_WINDOW * scale) }, ringBuild);
  global.gc();
  peakForget();
  const before = residentBytes();
  pausesBegin();
  const start = cpuNs();
  liveRingsWork(name, rings);
  const spent = cpuNs() - start;
  report(name, 'ns_per_object', spent / (rings * RING_NODES));
  report(name, 'seconds', spent / 1e9);
  report(name, 'live_bytes', before);
  report(name, 'extra_bytes', Math.max(0, peakBytes() - before));
  pausesReport(name);
  seriesWrite(name);
  graphVerify();
  for (const ring of window) verify(ringCount(ring) === RING_NODES, 'nodes of a kept ring');
}

function runFull(scale) {
  graphBuild(Math.floor(LIVE_NODES * scale));
  global.gc();
  const start = cpuNs();
  global.gc();
  report('main', 'seconds', (cpuNs() - start) / 1e9);
  report('main', 'peak_bytes', peakBytes());
  graphVerify();
}

function runShannon(scale) {
  const head = chainBuild(10000), chains = Math.max(20, Math.floor(20000000 * scale / 5001));
  kept = chainBuild(5001);
  kept.surprise = head;
  peakForget();
  const before = residentBytes(), start = cpuNs();
  for (let i = 0; i < chains; i++) {
    kept = chainBuild(5001);
    kept.surprise = head;
  }
  report('main', 'ns_per_object', (cpuNs() - start) / (chains * 5001));
  report('main', 'live_bytes', before);
  report('main', 'extra_bytes', Math.max(0, peakBytes() - before));
}

function runBulk(scale) {
  const count = Math.floor(15000000 * scale), before = residentBytes(), start = cpuNs();
  for (let i = 0; i < count; i++) living.push(new Node(null, null));
  report('main', 'seconds', (cpuNs() - start) / 1e9);
  report('main', 'live_bytes', residentBytes() - before);
  verify(living.length === count, 'objects of the array');
}

const WORKLOADS = {
  trees: runTrees, tree: runTree, list: runList, rings: runRings, full: runFull,
  shannon: runShannon, bulk: runBulk,
};

function main(workload, name = 'all', scale = '1') {
  if (workload === 'version') console.log(process.versions.node);
  else if (workload === 'live-rings') runLiveRings(name, parseFloat(scale));
  else if (!(workload in WORKLOADS) || !['all', 'main'].includes(name)) process.exit(UNSUPPORTED);
  else WORKLOADS[workload](parseFloat(scale));
}

main(...process.argv.slice(2));
