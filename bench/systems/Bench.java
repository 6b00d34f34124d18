// SPDX-License-Identifier: MIT

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * System java: the JVM's default collector.
 *
 * <p>The same command line and the same work as the programs in C (see bench/README.md). Times are
 * processor time of all threads together; a pause is what the working thread saw.
 */
public final class Bench {
    private static final int UNSUPPORTED = 3;
    private static final int RING_NODES = 10;
    private static final int LIVE_NODES = 5_000_000;
    private static final int LIVE_RINGS = 2_000_000;
    private static final int LIVE_WINDOW = 100_000;

    private static final class Node {
        Node a;
        Node b;

        Node(Node a, Node b) {
            this.a = a;
            this.b = b;
        }
    }

    private static final class Link {
        Link next;
        Link previous;
        Link surprise;
    }

    // What lives is reachable from here.
    private static Node root;
    private static Node[] living = {};
    private static Node[] window = {};
    private static Link kept;

    // ---- clocks, memory, output ---------------------------------------------------

    // Of all threads; the JVM's own figure goes in steps of ten milliseconds.
    private static long cpuNs() throws IOException {
        long sum = 0;
        for (String thread : new File("/proc/self/task").list()) {
            Path file = Path.of("/proc/self/task", thread, "schedstat");
            sum += Long.parseLong(Files.readString(file).split(" ")[0]);
        }
        return sum;
    }

    private static double statusBytes(String key) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith(key)) {
                return Double.parseDouble(line.split("\\s+")[1]) * 1024;
            }
        }
        return 0;
    }

    private static double residentBytes() throws IOException {
        return statusBytes("VmRSS:");
    }

    private static double peakBytes() throws IOException {
        return statusBytes("VmHWM:");
    }

    private static void peakForget() throws IOException {
        Files.writeString(Path.of("/proc/self/clear_refs"), "5");
    }

    private static void report(String name, String metric, double value) {
        System.out.printf("%s %s %.9g%n", name, metric, value);
    }

    private static void verify(boolean condition, String what) {
        if (!condition) {
            System.err.println("the work was not done: " + what);
            System.exit(1);
        }
    }

    // ---- pauses: as support/pauses.h ------------------------------------------------

    private static final int STEPS = 64;
    private static final int STEPS_SHIFT = 6;
    private static final long LONG_NS = 100_000;

    private static final long[] buckets = new long[STEPS * 38];
    private static long samples;
    private static long longest;
    private static long begun;
    private static long waited;

    private static long waitedNs() throws IOException {
        String text = Files.readString(Path.of("/proc/thread-self/schedstat"));
        return Long.parseLong(text.split(" ")[1]);
    }

    private static void pausesBegin() throws IOException {
        waited = waitedNs();
        begun = System.nanoTime();
    }

    private static int bucketOf(long ns) {
        if (ns < STEPS) {
            return (int) ns;
        }
        int doubling = 63 - Long.numberOfLeadingZeros(ns) - STEPS_SHIFT;
        return (doubling + 1) * STEPS + (int) (ns >> doubling) - STEPS;
    }

    private static long bucketEnd(int bucket) {
        return bucket < STEPS
                ? bucket
                : ((long) (bucket % STEPS + STEPS + 1) << (bucket / STEPS - 1)) - 1;
    }

    private static void pausesEnd() throws IOException {
        long now = System.nanoTime();
        long whole = now - begun;
        long ns = whole > LONG_NS ? Math.max(0, whole - (waitedNs() - waited)) : whole;
        longest = Math.max(longest, ns);
        buckets[bucketOf(ns)]++;
        if (whole > LONG_NS || ++samples % 1024 == 0) {
            pausesBegin();
        } else {
            begun = now;
        }
    }

    private static double percentileNs(double share) {
        long all = 0;
        for (long count : buckets) {
            all += count;
        }
        int bucket = 0;
        for (long seen = buckets[0]; seen < share * all; seen += buckets[bucket]) {
            bucket++;
        }
        return Math.min(bucketEnd(bucket), longest);
    }

    private static void pausesReport(String name) {
        String[] metrics = {"p50", "p99", "p999", "p9999", "p99999"};
        double[] shares = {0.5, 0.99, 0.999, 0.9999, 0.99999};
        for (int i = 0; i < metrics.length; i++) {
            report(name, "pause_" + metrics[i] + "_us", percentileNs(shares[i]) / 1000);
        }
        report(name, "pause_max_us", longest / 1000.0);
    }

    // ---- memory over the work: as support/growth.h ------------------------------------

    private static final int LOOKS = 200;
    private static final double[] series = new double[LOOKS];
    private static int looks;
    private static long nextLook;

    // 200 times in all it looks at resident bytes, which is nobody's pause.
    private static void seriesLook(long done, long amount) throws IOException {
        if (done < nextLook || looks == LOOKS) {
            return;
        }
        series[looks++] = residentBytes();
        nextLook = amount * looks / LOOKS;
        pausesBegin();
    }

    private static void seriesWrite(String name) throws IOException {
        String path = System.getenv("BENCH_SERIES");
        if (path == null) {
            return;
        }
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < looks; i++) {
            lines.append(String.format("%s %.4f %.0f%n", name, (double) i / LOOKS, series[i]));
        }
        Files.writeString(Path.of(path), lines, StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    // ---- the structures -------------------------------------------------------------

    private static int seed = 42;

    private static int randomBelow(int limit) {
        seed = (seed * 1103515245 + 12345) & 0x7fffffff;
        return (int) (((long) seed * limit) >> 31);
    }

    private static Node treeBuild(int levels) {
        return levels <= 1
                ? new Node(null, null)
                : new Node(treeBuild(levels - 1), treeBuild(levels - 1));
    }

    private static long treeCount(Node node) {
        return node.a == null ? 1 : 1 + treeCount(node.a) + treeCount(node.b);
    }

    private static Node ringBuild() {
        Node first = new Node(null, null);
        Node last = first;
        for (int i = 1; i < RING_NODES; i++) {
            Node node = new Node(null, last);
            last.a = node;
            last = node;
        }
        last.a = first;
        first.b = last;
        return first;
    }

    private static int ringCount(Node first) {
        int count = 0;
        Node node = first;
        do {
            if (node.a.b != node) {
                return -1;
            }
            node = node.a;
            count++;
        } while (node != first);
        return count;
    }

    private static Link chainBuild(int count) {
        Link first = null;
        for (int i = 0; i < count; i++) {
            Link made = new Link();
            made.next = first;
            if (first != null) {
                first.previous = made;
            }
            first = made;
        }
        return first;
    }

    private static void graphBuild(int count) {
        seed = 42;
        living = new Node[count];
        for (int i = 0; i < count; i++) {
            living[i] = new Node(null, null);
        }
        for (Node node : living) {
            node.a = living[randomBelow(count)];
            node.b = living[randomBelow(count)];
        }
    }

    private static void graphVerify() {
        seed = 42;
        for (Node node : living) {
            verify(node.a == living[randomBelow(living.length)], "reference a of the graph");
            verify(node.b == living[randomBelow(living.length)], "reference b of the graph");
        }
    }

    // ---- workloads ------------------------------------------------------------------

    private static void runTrees(double scale) throws IOException {
        int depth = 16;
        for (double share = scale; share <= 0.25 && depth > 6; share *= 4) {
            depth -= 2;
        }
        long start = cpuNs();
        long nodes = treeCount(treeBuild(depth + 2));
        root = treeBuild(depth + 1);
        long expected = (2L << (depth + 1)) - 1 + (1L << (depth + 1)) - 1;
        for (int level = 4; level <= depth; level += 2) {
            int rounds = 1 << (depth - level + 4);
            expected += rounds * ((1L << (level + 1)) - 1);
            for (int i = 0; i < rounds; i++) {
                nodes += treeCount(treeBuild(level + 1));
            }
        }
        nodes += treeCount(root);
        verify(nodes == expected, "nodes counted");
        report("main", "ns_per_object", (double) (cpuNs() - start) / nodes);
        report("main", "peak_bytes", peakBytes());
    }

    private static void runTree(double scale) throws IOException {
        System.gc();
        double before = residentBytes();
        root = treeBuild(20);
        System.gc();
        report("build", "bytes_per_object", (residentBytes() - before) / ((1 << 20) - 1));
        int levels = scale < 1 ? 18 : 20;
        double nodes = (1 << levels) - 1;
        long build = 0;
        long drop = 0;
        for (int round = 0; round < 5; round++) {
            long start = cpuNs();
            root = treeBuild(levels);
            long built = cpuNs();
            verify(treeCount(root) == nodes, "nodes of the tree");
            long counted = cpuNs();
            root = null;
            System.gc();
            drop += cpuNs() - counted;
            build += built - start;
        }
        report("build", "ns_per_object", build / (5 * nodes));
        report("drop", "ns_per_object", drop / (5 * nodes));
    }

    private static void runList(double scale) throws IOException {
        int count = (int) (10_000_000 * scale);
        long start = cpuNs();
        for (int i = 0; i < count; i++) {
            root = new Node(root, null);
        }
        report("build", "ns_per_object", (double) (cpuNs() - start) / count);
        int found = 0;
        for (Node node = root; node != null; node = node.a) {
            found++;
        }
        verify(found == count, "nodes of the list");
        start = cpuNs();
        root = null;
        System.gc();
        report("drop", "ns_per_object", (double) (cpuNs() - start) / count);
    }

    private static void runRings(double scale) throws IOException {
        verify(ringCount(ringBuild()) == RING_NODES, "nodes of a ring");
        int rings = (int) (1_000_000 * scale);
        long start = cpuNs();
        for (int i = 0; i < rings; i++) {
            root = ringBuild();
        }
        report("main", "ns_per_object", (double) (cpuNs() - start) / ((long) rings * RING_NODES));
        report("main", "peak_bytes", peakBytes());
    }

    private static void liveRingsWork(String name, int rings) throws IOException {
        seed = 43;
        for (int i = 0; i < rings; i++) {
            Node ring = ringBuild();
            switch (name) {
                case "old" -> window[i % window.length] = ring;
                case "into" -> ring.b = living[randomBelow(living.length)];
                default -> {}
            }
            root = ring;
            pausesEnd();
            seriesLook(i, rings);
        }
    }

    private static void runLiveRings(String name, double scale) throws IOException {
        if (!List.of("empty", "main", "old", "into").contains(name)) {
            System.exit(UNSUPPORTED);
        }
        int rings = (int) (LIVE_RINGS * scale);
        if (!name.equals("empty")) {
            graphBuild((int) (LIVE_NODES * scale));
        }
        if (name.equals("old")) {
            window = new Node[Math.max(100, (int) (LIVE_WINDOW * scale))];
            for (int i = 0; i < window.length; i++) {
                window[i] = ringBuild();
            }
        }
        System.gc();
        peakForget();
        double before = residentBytes();
        pausesBegin();
        long start = cpuNs();
        liveRingsWork(name, rings);
        double spent = cpuNs() - start;
        report(name, "ns_per_object", spent / ((double) rings * RING_NODES));
        report(name, "seconds", spent / 1e9);
        report(name, "live_bytes", before);
        report(name, "extra_bytes", Math.max(0, peakBytes() - before));
        pausesReport(name);
        seriesWrite(name);
        graphVerify();
        for (Node ring : window) {
            verify(ringCount(ring) == RING_NODES, "nodes of a kept ring");
        }
    }

    private static void runFull(double scale) throws IOException {
        graphBuild((int) (LIVE_NODES * scale));
        System.gc();
        long start = cpuNs();
        System.gc();
        report("main", "seconds", (cpuNs() - start) / 1e9);
        report("main", "peak_bytes", peakBytes());
        graphVerify();
    }

    private static void runShannon(double scale) throws IOException {
        Link head = chainBuild(10_000);
        int chains = Math.max(20, (int) (20_000_000 * scale / 5001));
        kept = chainBuild(5001);
        kept.surprise = head;
        peakForget();
        double before = residentBytes();
        long start = cpuNs();
        for (int i = 0; i < chains; i++) {
            kept = chainBuild(5001);
            kept.surprise = head;
        }
        report("main", "ns_per_object", (double) (cpuNs() - start) / (chains * 5001L));
        report("main", "live_bytes", before);
        report("main", "extra_bytes", Math.max(0, peakBytes() - before));
    }

    private static void runBulk(double scale) throws IOException {
        int count = (int) (15_000_000 * scale);
        double before = residentBytes();
        long start = cpuNs();
        living = new Node[count];
        for (int i = 0; i < count; i++) {
            living[i] = new Node(null, null);
        }
        report("main", "seconds", (cpuNs() - start) / 1e9);
        report("main", "live_bytes", residentBytes() - before);
        verify(living[count - 1] != null, "objects of the array");
    }

    public static void main(String[] arguments) throws IOException {
        String name = arguments.length > 1 ? arguments[1] : "all";
        double scale = arguments.length > 2 ? Double.parseDouble(arguments[2]) : 1;
        boolean whole = name.equals("all") || name.equals("main");
        String workload = arguments[0];
        if (workload.equals("version")) {
            System.out.println(System.getProperty("java.version"));
            return;
        }
        switch (whole || workload.equals("live-rings") ? workload : "") {
            case "trees" -> runTrees(scale);
            case "tree" -> runTree(scale);
            case "list" -> runList(scale);
            case "rings" -> runRings(scale);
            case "live-rings" -> runLiveRings(name, scale);
            case "full" -> runFull(scale);
            case "shannon" -> runShannon(scale);
            case "bulk" -> runBulk(scale);
            default -> System.exit(UNSUPPORTED);
        }
    }
}
