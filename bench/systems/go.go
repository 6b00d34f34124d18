// SPDX-License-Identifier: MIT

// System go: Go's concurrent collector, which marks on threads of its own
//
// The same command line and the same work as the programs in C (see bench/README.md).
// Times are processor time of all threads together; a pause is what the working
// thread saw.
package main

import (
	"fmt"
	"math/bits"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	unsupported = 3
	ringNodes   = 10
	liveNodes   = 5000000
	liveRings   = 2000000
	liveWindow  = 100000
)

type node struct{ a, b *node }
type link struct{ next, previous, surprise *link }

// What lives is reachable from here.
var (
	root   *node
	living []*node
	window []*node
	head   *link
	kept   *link
)

// ---- clocks, memory, output ---------------------------------------------------

func cpuNs() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func statusBytes(key string) float64 {
	text, _ := os.ReadFile("/proc/self/status")
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, key) {
			kilobytes, _ := strconv.ParseFloat(strings.Fields(line)[1], 64)
			return kilobytes * 1024
		}
	}
	return 0
}

func residentBytes() float64 { return statusBytes("VmRSS:") }
func peakBytes() float64     { return statusBytes("VmHWM:") }
func peakForget()            { os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

func report(name, metric string, value float64) {
	fmt.Printf("%s %s %.9g\n", name, metric, value)
}

func verify(condition bool, what string) {
	if !condition {
		fmt.Fprintln(os.Stderr, "the work was not done:", what)
		os.Exit(1)
	}
}

// ---- pauses: as support/pauses.h ------------------------------------------------

const (
	steps      = 64
	stepsShift = 6
	longNs     = 100000
)

type pauses struct {
	buckets                      [steps * 38]int64
	count, longest, waitedBefore int64
	begun                        time.Time
}

func waitedNs() int64 {
	text, _ := os.ReadFile("/proc/thread-self/schedstat")
	waited, _ := strconv.ParseInt(strings.Fields(string(text))[1], 10, 64)
	return waited
}

func (p *pauses) begin() {
	p.waitedBefore = waitedNs()
	p.begun = time.Now()
}

func bucketOf(ns int64) int {
	if ns < steps {
		return int(ns)
	}
	doubling := bits.Len64(uint64(ns)) - 1 - stepsShift
	return (doubling+1)*steps + int(ns>>doubling) - steps
}

func bucketEnd(bucket int) int64 {
	if bucket < steps {
		return int64(bucket)
	}
	return int64(bucket%steps+steps+1)<<(bucket/steps-1) - 1
}

func (p *pauses) end() {
	now := time.Now()
	whole := now.Sub(p.begun).Nanoseconds()
	ns := whole
	if whole > longNs {
		ns = max64(0, whole-(waitedNs()-p.waitedBefore))
	}
	p.longest = max64(p.longest, ns)
	p.buckets[bucketOf(ns)]++
	p.count++
	if whole > longNs || p.count%1024 == 0 {
		p.begin()
	} else {
		p.begun = now
	}
}

func max64(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}

func (p *pauses) percentile(share float64) float64 {
	var seen int64
	for bucket, count := range p.buckets {
		seen += count
		if float64(seen) >= share*float64(p.count) && bucketEnd(bucket) < p.longest {
			return float64(bucketEnd(bucket))
		}
	}
	return float64(p.longest)
}

func (p *pauses) report(name string) {
	for _, of := range []struct {
		metric string
		share  float64
	}{{"p50", 0.5}, {"p99", 0.99}, {"p999", 0.999}, {"p9999", 0.9999}, {"p99999", 0.99999}} {
		report(name, "pause_"+of.metric+"_us", p.percentile(of.share)/1000)
	}
	report(name, "pause_max_us", float64(p.longest)/1000)
}

// ---- memory over the work: as support/growth.h ------------------------------------

const mostLooks = 200

type series struct {
	bytes [mostLooks]float64
	looks int
	next  int
}

// 200 times in all it looks at resident bytes, which is nobody's pause.
func (s *series) look(done, amount int, p *pauses) {
	if done < s.next || s.looks == mostLooks {
		return
	}
	s.bytes[s.looks] = residentBytes()
	s.looks++
	s.next = amount * s.looks / mostLooks
	p.begin()
}

func (s *series) write(name string) {
	file, err := os.OpenFile(os.Getenv("BENCH_SERIES"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0644)
	if err != nil {
		return
	}
	defer file.Close()
	for i := 0; i < s.looks; i++ {
		fmt.Fprintf(file, "%s %.4f %.0f\n", name, float64(i)/mostLooks, s.bytes[i])
	}
}

// ---- the structures ---------------------------------------------------------------

type random uint32

func (state *random) below(limit int) int {
	*state = (*state*1103515245 + 12345) & 0x7fffffff
	return int(uint64(*state) * uint64(limit) >> 31)
}

func treeBuild(levels int) *node {
	if levels <= 1 {
		return &node{}
	}
	return &node{treeBuild(levels - 1), treeBuild(levels - 1)}
}

func treeCount(n *node) int {
	if n.a == nil {
		return 1
	}
	return 1 + treeCount(n.a) + treeCount(n.b)
}

//go:noinline
func ringBuild() *node {
	first := &node{}
	last := first
	for i := 1; i < ringNodes; i++ {
		n := &node{nil, last}
		last.a = n
		last = n
	}
	last.a = first
	first.b = last
	return first
}

func ringCount(first *node) int {
	count := 0
	for n := first; ; {
		if n.a.b != n {
			return -1
		}
		n = n.a
		count++
		if n == first {
			return count
		}
	}
}

func chainBuild(count int) *link {
	var first *link
	for i := 0; i < count; i++ {
		made := &link{next: first}
		if first != nil {
			first.previous = made
		}
		first = made
	}
	return first
}

func graphBuild(count int) {
	state := random(42)
	living = make([]*node, count)
	for i := range living {
		living[i] = &node{}
	}
	for i := range living {
		living[i].a = living[state.below(count)]
		living[i].b = living[state.below(count)]
	}
}

func graphVerify() {
	state := random(42)
	for i := range living {
		verify(living[i].a == living[state.below(len(living))], "reference a of the graph")
		verify(living[i].b == living[state.below(len(living))], "reference b of the graph")
	}
}

// ---- workloads ----------------------------------------------------------------------

func runTrees(scale float64) {
	depth := 16
	for ; scale <= 0.25 && depth > 6; scale *= 4 {
		depth -= 2
	}
	start := cpuNs()
	nodes := treeCount(treeBuild(depth + 2))
	root = treeBuild(depth + 1)
	expected := 2<<(depth+1) - 1 + 1<<(depth+1) - 1
	for level := 4; level <= depth; level += 2 {
		rounds := 1 << (depth - level + 4)
		expected += rounds * (1<<(level+1) - 1)
		for i := 0; i < rounds; i++ {
			nodes += treeCount(treeBuild(level + 1))
		}
	}
	nodes += treeCount(root)
	verify(nodes == expected, "nodes counted")
	report("main", "ns_per_object", float64(cpuNs()-start)/float64(nodes))
	report("main", "peak_bytes", peakBytes())
}

func runTree(scale float64) {
	before := residentBytes()
	root = treeBuild(20)
	report("build", "bytes_per_object", (residentBytes()-before)/(1<<20-1))
	levels := 20
	if scale < 1 {
		levels = 18
	}
	nodes := 1<<levels - 1
	var build, drop int64
	for round := 0; round < 5; round++ {
		start := cpuNs()
		root = treeBuild(levels)
		built := cpuNs()
		verify(treeCount(root) == nodes, "nodes of the tree")
		counted := cpuNs()
		root = nil
		runtime.GC()
		drop += cpuNs() - counted
		build += built - start
	}
	report("build", "ns_per_object", float64(build)/float64(5*nodes))
	report("drop", "ns_per_object", float64(drop)/float64(5*nodes))
}

func runList(scale float64) {
	count := int(10000000 * scale)
	start := cpuNs()
	for i := 0; i < count; i++ {
		root = &node{root, nil}
	}
	report("build", "ns_per_object", float64(cpuNs()-start)/float64(count))
	found := 0
	for n := root; n != nil; n = n.a {
		found++
	}
	verify(found == count, "nodes of the list")
	start = cpuNs()
	root = nil
	runtime.GC()
	report("drop", "ns_per_object", float64(cpuNs()-start)/float64(count))
}

func runRings(scale float64) {
	verify(ringCount(ringBuild()) == ringNodes, "nodes of a ring")
	rings := int(1000000 * scale)
	start := cpuNs()
	for i := 0; i < rings; i++ {
		root = ringBuild()
	}
	report("main", "ns_per_object", float64(cpuNs()-start)/float64(rings*ringNodes))
	report("main", "peak_bytes", peakBytes())
}

func liveRingsWork(name string, rings int, p *pauses, memory *series) {
	state := random(43)
	for i := 0; i < rings; i++ {
		ring := ringBuild()
		switch name {
		case "old":
			window[i%len(window)] = ring
		case "into":
			ring.b = living[state.below(len(living))]
			root = ring
		default:
			root = ring
		}
		p.end()
		memory.look(i, rings, p)
	}
}

func runLiveRings(name string, scale float64) {
	if name != "empty" && name != "main" && name != "old" && name != "into" {
		os.Exit(unsupported)
	}
	if name != "empty" {
		graphBuild(int(liveNodes * scale))
	}
	if name == "old" {
		window = make([]*node, int(max64(100, int64(liveWindow*scale))))
		for i := range window {
			window[i] = ringBuild()
		}
	}
	rings := int(liveRings * scale)
	runtime.LockOSThread()
	runtime.GC()
	peakForget()
	before := residentBytes()
	p, memory := new(pauses), new(series)
	p.begin()
	start := cpuNs()
	liveRingsWork(name, rings, p, memory)
	spent := float64(cpuNs() - start)
	report(name, "ns_per_object", spent/float64(rings*ringNodes))
	report(name, "seconds", spent/1e9)
	report(name, "live_bytes", before)
	report(name, "extra_bytes", float64(max64(0, int64(peakBytes()-before))))
	p.report(name)
	memory.write(name)
	graphVerify()
	for _, ring := range window {
		verify(ringCount(ring) == ringNodes, "nodes of a kept ring")
	}
}

func runFull(scale float64) {
	graphBuild(int(liveNodes * scale))
	runtime.GC()
	start := cpuNs()
	runtime.GC()
	report("main", "seconds", float64(cpuNs()-start)/1e9)
	report("main", "peak_bytes", peakBytes())
	graphVerify()
}

func runShannon(scale float64) {
	head = chainBuild(10000)
	chains := int(max64(20, int64(20000000*scale)/5001))
	kept = chainBuild(5001)
	kept.surprise = head
	peakForget()
	before := residentBytes()
	start := cpuNs()
	for i := 0; i < chains; i++ {
		kept = chainBuild(5001)
		kept.surprise = head
	}
	report("main", "ns_per_object", float64(cpuNs()-start)/float64(chains*5001))
	report("main", "live_bytes", before)
	report("main", "extra_bytes", float64(max64(0, int64(peakBytes()-before))))
}

func runBulk(scale float64) {
	count := int(15000000 * scale)
	before := residentBytes()
	start := cpuNs()
	for i := 0; i < count; i++ {
		living = append(living, &node{})
	}
	report("main", "seconds", float64(cpuNs()-start)/1e9)
	report("main", "live_bytes", residentBytes()-before)
	verify(len(living) == count, "objects of the array")
}

func main() {
	if os.Args[1] == "version" {
		fmt.Println(strings.TrimPrefix(runtime.Version(), "go"))
		return
	}
	name, scale := "all", 1.0
	if len(os.Args) > 2 {
		name = os.Args[2]
	}
	if len(os.Args) > 3 {
		scale, _ = strconv.ParseFloat(os.Args[3], 64)
	}
	if os.Args[1] == "live-rings" {
		runLiveRings(name, scale)
		return
	}
	run, found := map[string]func(float64){"trees": runTrees, "tree": runTree, "list": runList,
		"rings": runRings, "full": runFull, "shannon": runShannon, "bulk": runBulk}[os.Args[1]]
	if !found || name != "all" && name != "main" {
		os.Exit(unsupported)
	}
	run(scale)
}
