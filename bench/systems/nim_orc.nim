# SPDX-License-Identifier: MIT
## System nim-orc: Nim with its reference counts and cycle collector (--mm:orc)
##
## The same command line and the same work as the programs in C (see bench/README.md).
## Nim counts references and collects cycles as ouro does.  `full` makes every
## living node a possible root first: a collection looks at those only.

import std/[os, osproc, parseutils, strutils]

const
  Unsupported = 3
  RingNodes = 10
  LiveNodes = 5_000_000
  Rings = 2_000_000
  Window = 100_000

type
  Node = ref object
    a, b: Node
  Link = ref object
    next, previous, surprise: Link

# ---- clocks, memory, output ---------------------------------------------------

type Timespec {.importc: "struct timespec", header: "<time.h>".} = object
  tv_sec: clong
  tv_nsec: clong

proc clockGettime(which: cint, time: var Timespec): cint
  {.importc: "clock_gettime", header: "<time.h>".}

proc clockNs(which: cint): int64 =
  var time: Timespec
  discard clockGettime(which, time)
  int64(time.tv_sec) * 1_000_000_000 + int64(time.tv_nsec)

proc wallNs(): int64 = clockNs(1)
proc cpuNs(): int64 = clockNs(2)

proc statusBytes(key: string): float =
  for line in lines("/proc/self/status"):
    if line.startsWith(key): return parseFloat(line.splitWhitespace()[1]) * 1024

proc residentBytes(): float = statusBytes("VmRSS:")
proc peakBytes(): float = statusBytes("VmHWM:")
proc peakForget() = writeFile("/proc/self/clear_refs", "5")

proc report(name, metric: string, value: float) =
  echo name, " ", metric, " ", value

proc verify(condition: bool, what: string) =
  if not condition: quit("the work was not done: " & what, 1)

# ---- pauses: as support/pauses.h ------------------------------------------------

const
  Steps = 64
  LongNs = 100_000

var
  buckets: array[Steps * 38, int64]
  samples, longest, begun, waited: int64

proc waitedNs(): int64 =
  discard parseBiggestInt(readFile("/proc/thread-self/schedstat").splitWhitespace()[1], result)

proc pausesBegin() =
  waited = waitedNs()
  begun = wallNs()

proc bucketOf(ns: int64): int =
  if ns < Steps: return int(ns)
  var doubling = 0
  while (ns shr doubling) >= 2 * Steps: inc doubling
  (doubling + 1) * Steps + int(ns shr doubling) - Steps

proc bucketEnd(bucket: int): int64 =
  if bucket < Steps: int64(bucket)
  else: (int64(bucket mod Steps + Steps + 1) shl (bucket div Steps - 1)) - 1

proc pausesEnd() =
  let now = wallNs()
  var ns = now - begun
  if ns > LongNs: ns = max(0, ns - (waitedNs() - waited))
  longest = max(longest, ns)
  inc buckets[bucketOf(ns)]
  inc samples
  if now - begun > LongNs or samples mod 1024 == 0: pausesBegin()
  else: begun = now

proc percentileNs(share: float): int64 =
  var seen = 0.0
  for bucket, count in buckets:
    seen += float(count)
    if seen >= share * float(samples): return min(bucketEnd(bucket), longest)

proc pausesReport(name: string) =
  for (metric, share) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999), ("p9999", 0.9999),
                          ("p99999", 0.99999)]:
    report(name, "pause_" & metric & "_us", float(percentileNs(share)) / 1000)
  report(name, "pause_max_us", float(longest) / 1000)

# ---- memory over the work: as support/growth.h ------------------------------------

const Looks = 200

var
  series: array[Looks, float]
  looks, nextLook: int

## 200 times in all it looks at resident bytes, which is nobody's pause.
proc seriesLook(done, amount: int) =
  if done < nextLook or looks == Looks: return
  series[looks] = residentBytes()
  inc looks
  nextLook = amount * looks div Looks
  pausesBegin()

proc seriesWrite(name: string) =
  if getEnv("BENCH_SERIES") == "": return
  let file = open(getEnv("BENCH_SERIES"), fmAppend)
  for look in 0 ..< looks:
    file.writeLine(name, " ", float(look) / Looks, " ", int(series[look]))
  file.close()

# ---- the structures ---------------------------------------------------------------

var seed = 42'u32

proc randomBelow(limit: int): int =
  seed = (seed * 1103515245'u32 + 12345'u32) and 0x7fffffff'u32
  int((uint64(seed) * uint64(limit)) shr 31)

proc treeBuild(levels: int): Node =
  if levels <= 1: Node() else: Node(a: treeBuild(levels - 1), b: treeBuild(levels - 1))

proc treeCount(node: Node): int =
  if node.a == nil: 1 else: 1 + treeCount(node.a) + treeCount(node.b)

proc ringBuild(): Node =
  result = Node()
  var last = result
  for i in 2 .. RingNodes:
    let node = Node(b: last)
    last.a = node
    last = node
  last.a = result
  result.b = last

proc ringCount(first: Node): int =
  var node = first
  while true:
    if node.a.b != node: return -1
    node = node.a
    inc result
    if node == first: return

proc chainBuild(count: int): Link =
  for i in 1 .. count:
    let made = Link(next: result)
    if result != nil: result.previous = made
    result = made

var
  living: seq[Node]
  window: seq[Node]
  touched: Node

proc graphBuild(count: int) =
  seed = 42
  living = newSeq[Node](count)
  for i in 0 ..< count: living[i] = Node()
  for i in 0 ..< count:
    living[i].a = living[randomBelow(count)]
    living[i].b = living[randomBelow(count)]

proc graphVerify(count: int) =
  seed = 42
  for i in 0 ..< count:
    verify(living[i].a == living[randomBelow(count)], "reference a of the graph")
    verify(living[i].b == living[randomBelow(count)], "reference b of the graph")

# ---- workloads ----------------------------------------------------------------------

proc runTrees(scale: float) =
  var depth = 16
  var share = scale
  while share <= 0.25 and depth > 6:
    depth -= 2
    share *= 4
  let start = cpuNs()
  var nodes = treeCount(treeBuild(depth + 2))
  let lasting = treeBuild(depth + 1)
  var expected = (2 shl (depth + 1)) - 1 + (1 shl (depth + 1)) - 1
  for level in countup(4, depth, 2):
    let rounds = 1 shl (depth - level + 4)
    expected += rounds * ((1 shl (level + 1)) - 1)
    for i in 1 .. rounds: nodes += treeCount(treeBuild(level + 1))
  nodes += treeCount(lasting)
  verify(nodes == expected, "nodes counted")
  report("main", "ns_per_object", float(cpuNs() - start) / float(nodes))
  report("main", "peak_bytes", peakBytes())

proc runTree(scale: float) =
  let before = residentBytes()
  var root = treeBuild(20)
  let full = float((1 shl 20) - 1)
  report("build", "bytes_per_object", (residentBytes() - before) / full)
  root = nil
  let levels = if scale < 1: 18 else: 20
  let nodes = (1 shl levels) - 1
  var build, drop = 0'i64
  for round in 1 .. 5:
    let start = cpuNs()
    root = treeBuild(levels)
    let built = cpuNs()
    verify(treeCount(root) == nodes, "nodes of the tree")
    let counted = cpuNs()
    root = nil
    drop += cpuNs() - counted
    build += built - start
  report("build", "ns_per_object", float(build) / float(5 * nodes))
  report("drop", "ns_per_object", float(drop) / float(5 * nodes))

proc listCount(head: Node): int =
  var node = head
  while node != nil:
    inc result
    node = node.a

proc listBuild(count: int): Node =
  for i in 1 .. count: result = Node(a: move result)

## Does dropping such a list overflow the stack?  Another process tries.
proc dropOverflows(scale: float): bool =
  execCmdEx(quoteShellCommand([getAppFilename(), "list-drop", "main", $scale])).exitCode != 0

proc runListDrop(scale: float) =
  var head = listBuild(int(10_000_000.0 * scale))
  verify(head != nil, "a list to drop")
  head = nil

proc runList(scale: float) =
  let count = int(10_000_000.0 * scale)
  var start = cpuNs()
  var head = listBuild(count)
  report("build", "ns_per_object", float(cpuNs() - start) / float(count))
  verify(listCount(head) == count, "nodes of the list")
  if dropOverflows(scale):
    report("drop", "overflows", 1)
    while head != nil: head = move head.a # so that this process can end
    return
  start = cpuNs()
  head = nil
  report("drop", "ns_per_object", float(cpuNs() - start) / float(count))

proc runRings(scale: float) =
  verify(ringCount(ringBuild()) == RingNodes, "nodes of a ring")
  let rings = int(1_000_000.0 * scale)
  let start = cpuNs()
  for i in 1 .. rings: discard ringBuild()
  report("main", "ns_per_object", float(cpuNs() - start) / float(rings * RingNodes))
  report("main", "peak_bytes", peakBytes())

proc liveRingsWork(name: string, rings, nodes: int) =
  seed = 43
  for i in 0 ..< rings:
    case name
    of "old": window[i mod window.len] = ringBuild()
    of "into":
      let ring = ringBuild()
      ring.b = living[i mod nodes]
    else: discard ringBuild()
    pausesEnd()
    seriesLook(i, rings)

proc runLiveRings(name: string, scale: float) =
  if name notin ["empty", "main", "old", "into"]: quit(Unsupported)
  let rings = int(float(Rings) * scale)
  let nodes = if name == "empty": 0 else: int(float(LiveNodes) * scale)
  graphBuild(nodes)
  if name == "old":
    for i in 1 .. max(100, int(float(Window) * scale)): window.add ringBuild()
  peakForget()
  let before = residentBytes()
  pausesBegin()
  let start = cpuNs()
  liveRingsWork(name, rings, nodes)
  let spent = float(cpuNs() - start)
  report(name, "ns_per_object", spent / float(rings * RingNodes))
  report(name, "seconds", spent / 1e9)
  report(name, "live_bytes", before)
  report(name, "extra_bytes", max(0.0, peakBytes() - before))
  pausesReport(name)
  seriesWrite(name)
  graphVerify(nodes)
  for ring in window: verify(ringCount(ring) == RingNodes, "nodes of a kept ring")

proc runFull(scale: float) =
  let nodes = int(float(LiveNodes) * scale)
  graphBuild(nodes)
  GC_fullCollect()
  GC_disableOrc()
  for i in 0 ..< nodes: touched = living[i]
  touched = nil
  GC_enableOrc()
  let start = cpuNs()
  GC_fullCollect()
  report("main", "seconds", float(cpuNs() - start) / 1e9)
  report("main", "peak_bytes", peakBytes())
  graphVerify(nodes)

proc runShannon(scale: float) =
  let head = chainBuild(10_000)
  let chains = max(20, int(20_000_000.0 * scale) div 5_001)
  var kept = chainBuild(5_001)
  kept.surprise = head
  peakForget()
  let before = residentBytes()
  let start = cpuNs()
  for i in 1 .. chains:
    kept = chainBuild(5_001)
    kept.surprise = head
  report("main", "ns_per_object", float(cpuNs() - start) / float(chains * 5_001))
  report("main", "live_bytes", before)
  report("main", "extra_bytes", max(0.0, peakBytes() - before))

proc runBulk(scale: float) =
  let count = int(15_000_000.0 * scale)
  let before = residentBytes()
  let start = cpuNs()
  for i in 1 .. count: living.add Node()
  report("main", "seconds", float(cpuNs() - start) / 1e9)
  report("main", "live_bytes", residentBytes() - before)
  verify(living.len == count, "objects of the array")

proc main() =
  let workload = paramStr(1)
  if workload == "version":
    echo NimVersion
    return
  let name = if paramCount() > 1: paramStr(2) else: "all"
  let scale = if paramCount() > 2: parseFloat(paramStr(3)) else: 1.0
  if workload != "live-rings" and name notin ["all", "main"]: quit(Unsupported)
  case workload
  of "trees": runTrees(scale)
  of "tree": runTree(scale)
  of "list": runList(scale)
  of "list-drop": runListDrop(scale) # what dropOverflows starts
  of "rings": runRings(scale)
  of "live-rings": runLiveRings(name, scale)
  of "full": runFull(scale)
  of "shannon": runShannon(scale)
  of "bulk": runBulk(scale)
  else: quit(Unsupported)
  flushFile(stdout)
  quit(0) # what is still alive was not meant to be dropped

main()
