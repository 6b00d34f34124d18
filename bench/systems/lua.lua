-- SPDX-License-Identifier: MIT
--
-- System lua: Lua's incremental collector, as it comes
--
-- The same command line and the same work as the programs in C (see bench/README.md).
-- Lua has no clock but that of the process's processor time, which is what pauses
-- are measured by here: what the thread waited for is no part of it.

local UNSUPPORTED <const> = 3
local RING_NODES <const>, LIVE_NODES <const> = 10, 5000000
local LIVE_RINGS <const>, LIVE_WINDOW <const> = 2000000, 100000

-- ---- clocks, memory, output ---------------------------------------------------

local clock = os.clock

local function status_bytes(key)
  for line in io.lines("/proc/self/status") do
    if line:sub(1, #key) == key then return tonumber(line:match("%d+")) * 1024 end
  end
end

local function resident_bytes() return status_bytes("VmRSS:") end
local function peak_bytes() return status_bytes("VmHWM:") end

local function peak_forget()
  local file <close> = assert(io.open("/proc/self/clear_refs", "w"))
  file:write("5")
end

local function report(case, metric, value)
  print(string.format("%s %s %.9g", case, metric, value))
end

local function report_ns(case, seconds, count)
  report(case, "ns_per_object", seconds * 1e9 / count)
end

local function verify(condition, what)
  if condition then return end
  io.stderr:write("the work was not done: ", what, "\n")
  os.exit(1, false)
end

-- ---- pauses: as support/pauses.h, in microseconds, 64 buckets for each doubling -----

local STEPS <const> = 64
local buckets, longest, begun = {}, 0, 0

local function pauses_begin()
  for i = 0, STEPS * 36 do buckets[i] = 0 end
  begun = clock()
end

local function pauses_end()
  local now = clock()
  local us = (now - begun) * 1e6
  if us > longest then longest = us end
  local bucket = us > 1 and math.floor(STEPS * math.log(us, 2)) or 0
  buckets[bucket] = buckets[bucket] + 1
  begun = now
end

local function percentile_us(share, samples)
  local bucket, seen = 0, buckets[0]
  while seen < share * samples do
    bucket = bucket + 1
    seen = seen + buckets[bucket]
  end
  return math.min(2 ^ ((bucket + 1) / STEPS), longest)
end

local function pauses_report(case, samples)
  for _, of in ipairs { { "p50", 0.5 }, { "p99", 0.99 }, { "p999", 0.999 }, { "p9999", 0.9999 },
    { "p99999", 0.99999 } } do
    report(case, "pause_" .. of[1] .. "_us", percentile_us(of[2], samples))
  end
  report(case, "pause_max_us", longest)
end

-- ---- memory over the work: as support/growth.h ------------------------------------

local LOOKS <const> = 200
local series, next_look = {}, 0

-- 200 times in all it looks at resident bytes, which is nobody's pause.
local function series_look(done, amount)
  if done < next_look or #series == LOOKS then return end
  series[#series + 1] = resident_bytes()
  next_look = amount * #series // LOOKS
  begun = clock()
end

local function series_write(case)
  local path = os.getenv("BENCH_SERIES")
  if not path then return end
  local file <close> = assert(io.open(path, "a"))
  for i, bytes in ipairs(series) do
    file:write(string.format("%s %.4f %d\n", case, (i - 1) / LOOKS, bytes))
  end
end

-- ---- the structures ---------------------------------------------------------------

local seed = 42

-- From 1 to limit.
local function random_to(limit)
  seed = (seed * 1103515245 + 12345) & 0x7fffffff
  return ((seed * limit) >> 31) + 1
end

local function tree_build(levels)
  if levels <= 1 then return { a = false, b = false } end
  return { a = tree_build(levels - 1), b = tree_build(levels - 1) }
end

local function tree_count(node)
  return node.a and 1 + tree_count(node.a) + tree_count(node.b) or 1
end

local function ring_build()
  local first = { a = false, b = false }
  local last = first
  for _ = 2, RING_NODES do
    local node = { a = false, b = last }
    last.a = node
    last = node
  end
  last.a = first
  first.b = last
  return first
end

local function ring_count(first)
  local count, node = 0, first
  repeat
    if node.a.b ~= node then return -1 end
    node = node.a
    count = count + 1
  until node == first
  return count
end

local function chain_build(count)
  local first = false
  for _ = 1, count do
    local made = { next = first, previous = false, surprise = false }
    if first then first.previous = made end
    first = made
  end
  return first
end

local function graph_build(count)
  local living = {}
  seed = 42
  for i = 1, count do living[i] = { a = false, b = false } end
  for i = 1, count do
    living[i].a = living[random_to(count)]
    living[i].b = living[random_to(count)]
  end
  return living
end

local function graph_verify(living)
  seed = 42
  for i = 1, #living do
    verify(living[i].a == living[random_to(#living)], "reference a of the graph")
    verify(living[i].b == living[random_to(#living)], "reference b of the graph")
  end
end

-- ---- workloads ----------------------------------------------------------------------

local workloads = {}

function workloads.trees(scale)
  local depth = 16
  while scale <= 0.25 and depth > 6 do depth, scale = depth - 2, scale * 4 end
  local start = clock()
  local nodes = tree_count(tree_build(depth + 2))
  local lasting = tree_build(depth + 1)
  local expected = (2 << (depth + 1)) - 1 + (1 << (depth + 1)) - 1
  for level = 4, depth, 2 do
    local rounds = 1 << (depth - level + 4)
    expected = expected + rounds * ((1 << (level + 1)) - 1)
    for _ = 1, rounds do nodes = nodes + tree_count(tree_build(level + 1)) end
  end
  nodes = nodes + tree_count(lasting)
  verify(nodes == expected, "nodes counted")
  report_ns("main", clock() - start, nodes)
  report("main", "peak_bytes", peak_bytes())
end

function workloads.tree(scale)
  local before = resident_bytes()
  local root = tree_build(20)
  report("build", "bytes_per_object", (resident_bytes() - before) / ((1 << 20) - 1))
  local levels = scale < 1 and 18 or 20
  local nodes = (1 << levels) - 1
  local build, drop = 0, 0
  for _ = 1, 5 do
    local start = clock()
    root = tree_build(levels)
    local built = clock()
    verify(tree_count(root) == nodes, "nodes of the tree")
    local counted = clock()
    root = nil
    collectgarbage()
    drop = drop + clock() - counted
    build = build + built - start
  end
  report_ns("build", build, 5 * nodes)
  report_ns("drop", drop, 5 * nodes)
end

function workloads.list(scale)
  local count = math.floor(10000000 * scale)
  local start = clock()
  local head = false
  for _ = 1, count do head = { a = head, b = false } end
  report_ns("build", clock() - start, count)
  local found, node = 0, head
  while node do found, node = found + 1, node.a end
  verify(found == count, "nodes of the list")
  start = clock()
  head = nil
  collectgarbage()
  report_ns("drop", clock() - start, count)
end

function workloads.rings(scale)
  verify(ring_count(ring_build()) == RING_NODES, "nodes of a ring")
  local rings = math.floor(1000000 * scale)
  local start = clock()
  for _ = 1, rings do ring_build() end
  report_ns("main", clock() - start, rings * RING_NODES)
  report("main", "peak_bytes", peak_bytes())
end

local function live_rings_work(case, rings, living, window)
  seed = 43
  for i = 1, rings do
    local ring = ring_build()
    if case == "old" then
      window[i % #window + 1] = ring
    elseif case == "into" then
      ring.b = living[random_to(#living)]
    end
    ring = nil
    pauses_end()
    series_look(i, rings)
  end
end

local function run_live_rings(case, scale)
  local rings = math.floor(LIVE_RINGS * scale)
  local living = graph_build(case == "empty" and 0 or math.floor(LIVE_NODES * scale))
  local window = {}
  if case == "old" then
    for i = 1, math.max(100, math.floor(LIVE_WINDOW * scale)) do window[i] = ring_build() end
  end
  peak_forget()
  local before = resident_bytes()
  pauses_begin()
  local start = clock()
  live_rings_work(case, rings, living, window)
  local spent = clock() - start
  report_ns(case, spent, rings * RING_NODES)
  report(case, "seconds", spent)
  report(case, "live_bytes", before)
  report(case, "extra_bytes", math.max(0, peak_bytes() - before))
  pauses_report(case, rings)
  series_write(case)
  graph_verify(living)
  for _, ring in ipairs(window) do
    verify(ring_count(ring) == RING_NODES, "nodes of a kept ring")
  end
end

function workloads.full(scale)
  local living = graph_build(math.floor(LIVE_NODES * scale))
  collectgarbage()
  local start = clock()
  collectgarbage()
  report("main", "seconds", clock() - start)
  report("main", "peak_bytes", peak_bytes())
  graph_verify(living)
end

function workloads.shannon(scale)
  local head, chains = chain_build(10000), math.max(20, math.floor(20000000 * scale / 5001))
  local kept = chain_build(5001)
  kept.surprise = head
  peak_forget()
  local before, start = resident_bytes(), clock()
  for _ = 1, chains do
    kept = chain_build(5001)
    kept.surprise = head
  end
  report_ns("main", clock() - start, chains * 5001)
  report("main", "live_bytes", before)
  report("main", "extra_bytes", math.max(0, peak_bytes() - before))
end

function workloads.bulk(scale)
  local count = math.floor(15000000 * scale)
  local before, start = resident_bytes(), clock()
  local all = {}
  for i = 1, count do all[i] = { a = false, b = false } end
  report("main", "seconds", clock() - start)
  report("main", "live_bytes", resident_bytes() - before)
  verify(#all == count, "objects of the array")
end

local function main(workload, case, scale)
  local live_cases = { empty = true, main = true, old = true, into = true }
  if workload == "version" then
    print((_VERSION:gsub("Lua ", "")))
  elseif workload == "live-rings" and live_cases[case] then
    run_live_rings(case, scale)
  elseif workloads[workload] and (case == "all" or case == "main") then
    workloads[workload](scale)
  else
    os.exit(UNSUPPORTED, false)
  end
  io.stdout:flush()
  os.exit(0, false) -- what is still alive was not meant to be dropped one by one
end

main(arg[1], arg[2] or "all", tonumber(arg[3] or 1))
