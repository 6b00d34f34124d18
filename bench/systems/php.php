<?php
// SPDX-License-Identifier: MIT
//
// System php: PHP's reference counts and cycle collector
//
// The same command line and the same work as the programs in C (see bench/README.md).
// PHP counts references and collects cycles as ouro does.  `full` makes every
// living node a possible root first: a collection looks at those only.

const UNSUPPORTED = 3;
const RING_NODES = 10;
const LIVE_NODES = 5000000;
const LIVE_RINGS = 2000000;
const LIVE_WINDOW = 100000;

final class Node
{
    public function __construct(public ?Node $a = null, public ?Node $b = null)
    {
    }
}

final class Link
{
    public ?Link $previous = null;
    public ?Link $surprise = null;

    public function __construct(public ?Link $next)
    {
    }
}

// ---- clocks, memory, output ---------------------------------------------------

function cpu_ns(): int
{
    $usage = getrusage();
    return ($usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec']) * 1000000000
        + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) * 1000;
}

function status_bytes(string $key): int
{
    preg_match("/^$key\\s+(\\d+)/m", file_get_contents('/proc/self/status'), $found);
    return (int)$found[1] * 1024;
}

function resident_bytes(): int
{
    return status_bytes('VmRSS:');
}

function peak_bytes(): int
{
    return status_bytes('VmHWM:');
}

function peak_forget(): void
{
    file_put_contents('/proc/self/clear_refs', '5');
}

function report(string $case, string $metric, float $value): void
{
    printf("%s %s %.9g\n", $case, $metric, $value);
}

function verify(bool $condition, string $what): void
{
    if (!$condition) {
        fwrite(STDERR, "the work was not done: $what\n");
        exit(1);
    }
}

// ---- pauses: as support/pauses.h, with 64 buckets for each doubling ----------------

final class Pauses
{
    private const STEPS = 64;
    private const LONG_NS = 100000;
    private array $buckets;
    private int $samples = 0;
    private int $longest = 0;
    private int $begun;
    private int $waited;

    public function __construct()
    {
        $this->buckets = array_fill(0, self::STEPS * 44, 0);
        $this->begin();
    }

    private static function waited(): int
    {
        return (int)explode(' ', file_get_contents('/proc/thread-self/schedstat'))[1];
    }

    public function begin(): void
    {
        $this->waited = self::waited();
        $this->begun = hrtime(true);
    }

    public function end(): void
    {
        $now = hrtime(true);
        $whole = $ns = $now - $this->begun;
        if ($whole > self::LONG_NS) {
            $ns = max(0, $whole - (self::waited() - $this->waited));
        }
        if ($ns > $this->longest) {
            $this->longest = $ns;
        }
        $this->buckets[$ns > 1 ? (int)(self::STEPS * log($ns, 2)) : 0]++;
        if ($whole > self::LONG_NS || ++$this->samples % 1024 === 0) {
            $this->begin();
        } else {
            $this->begun = $now;
        }
    }

    private function percentile(float $share): float
    {
        $wanted = $share * array_sum($this->buckets);
        $bucket = 0;
        for ($seen = $this->buckets[0]; $seen < $wanted; $seen += $this->buckets[$bucket]) {
            $bucket++;
        }
        return min(2 ** (($bucket + 1) / self::STEPS), $this->longest);
    }

    public function report(string $case): void
    {
        foreach (['p50' => 0.5, 'p99' => 0.99, 'p999' => 0.999, 'p9999' => 0.9999,
                  'p99999' => 0.99999] as $metric => $share) {
            report($case, "pause_{$metric}_us", $this->percentile($share) / 1000);
        }
        report($case, 'pause_max_us', $this->longest / 1000);
    }
}

// ---- memory over the work: as support/growth.h ------------------------------------

final class Series
{
    private const LOOKS = 200;
    private array $bytes = [];
    private int $next = 0;

    public function __construct(private int $amount)
    {
    }

    // 200 times in all it looks at resident bytes, which is nobody's pause.
    public function look(int $done, Pauses $pauses): void
    {
        if ($done < $this->next || count($this->bytes) === self::LOOKS) {
            return;
        }
        $this->bytes[] = resident_bytes();
        $this->next = intdiv($this->amount * count($this->bytes), self::LOOKS);
        $pauses->begin();
    }

    public function write(string $case): void
    {
        if (getenv('BENCH_SERIES') === false) {
            return;
        }
        foreach ($this->bytes as $i => $bytes) {
            file_put_contents(getenv('BENCH_SERIES'),
                              sprintf("%s %.4f %d\n", $case, $i / self::LOOKS, $bytes), FILE_APPEND);
        }
    }
}

// ---- the structures ---------------------------------------------------------------

final class Random
{
    public function __construct(private int $state = 42)
    {
    }

    public function below(int $limit): int
    {
        $this->state = ($this->state * 1103515245 + 12345) & 0x7fffffff;
        return ($this->state * $limit) >> 31;
    }
}

function tree_build(int $levels): Node
{
    return $levels <= 1 ? new Node() : new Node(tree_build($levels - 1), tree_build($levels - 1));
}

function tree_count(Node $node): int
{
    return $node->a === null ? 1 : 1 + tree_count($node->a) + tree_count($node->b);
}

function ring_build(): Node
{
    $first = $last = new Node();
    for ($i = 1; $i < RING_NODES; $i++) {
        $node = new Node(null, $last);
        $last->a = $node;
        $last = $node;
    }
    $last->a = $first;
    $first->b = $last;
    return $first;
}

function ring_count(Node $first): int
{
    $count = 0;
    $node = $first;
    do {
        if ($node->a->b !== $node) {
            return -1;
        }
        $node = $node->a;
        $count++;
    } while ($node !== $first);
    return $count;
}

function chain_build(int $count): Link
{
    $first = new Link(null);
    for ($i = 1; $i < $count; $i++) {
        $made = new Link($first);
        $first->previous = $made;
        $first = $made;
    }
    return $first;
}

function graph_build(int $count): SplFixedArray
{
    $random = new Random();
    $living = new SplFixedArray($count);
    for ($i = 0; $i < $count; $i++) {
        $living[$i] = new Node();
    }
    for ($i = 0; $i < $count; $i++) {
        $living[$i]->a = $living[$random->below($count)];
        $living[$i]->b = $living[$random->below($count)];
    }
    return $living;
}

function graph_verify(SplFixedArray $living): void
{
    $random = new Random();
    $count = $living->getSize();
    for ($i = 0; $i < $count; $i++) {
        verify($living[$i]->a === $living[$random->below($count)], 'reference a of the graph');
        verify($living[$i]->b === $living[$random->below($count)], 'reference b of the graph');
    }
}

// ---- workloads ----------------------------------------------------------------------

function run_trees(float $scale): void
{
    for ($depth = 16; $scale <= 0.25 && $depth > 6; $scale *= 4) {
        $depth -= 2;
    }
    $start = cpu_ns();
    $nodes = tree_count(tree_build($depth + 2));
    $lasting = tree_build($depth + 1);
    $expected = (2 << ($depth + 1)) - 1 + (1 << ($depth + 1)) - 1;
    for ($level = 4; $level <= $depth; $level += 2) {
        $rounds = 1 << ($depth - $level + 4);
        $expected += $rounds * ((1 << ($level + 1)) - 1);
        for ($i = 0; $i < $rounds; $i++) {
            $nodes += tree_count(tree_build($level + 1));
        }
    }
    $nodes += tree_count($lasting);
    verify($nodes === $expected, 'nodes counted');
    report('main', 'ns_per_object', (cpu_ns() - $start) / $nodes);
    report('main', 'peak_bytes', peak_bytes());
}

function run_tree(float $scale): void
{
    $before = resident_bytes();
    $root = tree_build(20);
    report('build', 'bytes_per_object', (resident_bytes() - $before) / ((1 << 20) - 1));
    $root = null;
    $levels = $scale < 1 ? 18 : 20;
    $nodes = (1 << $levels) - 1;
    $build = $drop = 0;
    for ($round = 0; $round < 5; $round++) {
        $start = cpu_ns();
        $root = tree_build($levels);
        $built = cpu_ns();
        verify(tree_count($root) === $nodes, 'nodes of the tree');
        $counted = cpu_ns();
        $root = null;
        $drop += cpu_ns() - $counted;
        $build += $built - $start;
    }
    report('build', 'ns_per_object', $build / (5 * $nodes));
    report('drop', 'ns_per_object', $drop / (5 * $nodes));
}

function list_count(?Node $node): int
{
    for ($count = 0; $node !== null; $node = $node->a) {
        $count++;
    }
    return $count;
}

function list_build(int $count): ?Node
{
    $head = null;
    for ($i = 0; $i < $count; $i++) {
        $head = new Node($head);
    }
    return $head;
}

// Does dropping this list overflow the stack?  Another process tries.
function drop_overflows(float $scale): bool
{
    exec(PHP_BINARY . ' -d memory_limit=-1 ' . escapeshellarg(__FILE__) . " list-drop main $scale",
         $output, $status);
    return $status !== 0;
}

function run_list(float $scale): void
{
    $count = (int)(10000000 * $scale);
    $start = cpu_ns();
    $head = list_build($count);
    report('build', 'ns_per_object', (cpu_ns() - $start) / $count);
    verify(list_count($head) === $count, 'nodes of the list');
    if (drop_overflows($scale)) {
        report('drop', 'overflows', 1);
        while ($head !== null) { // one node at a time, so that this process can end
            $head = $head->a;
        }
        return;
    }
    $start = cpu_ns();
    $head = null;
    report('drop', 'ns_per_object', (cpu_ns() - $start) / $count);
}

function run_rings(float $scale): void
{
    verify(ring_count(ring_build()) === RING_NODES, 'nodes of a ring');
    $rings = (int)(1000000 * $scale);
    $start = cpu_ns();
    for ($i = 0; $i < $rings; $i++) {
        ring_build();
    }
    report('main', 'ns_per_object', (cpu_ns() - $start) / ($rings * RING_NODES));
    report('main', 'peak_bytes', peak_bytes());
}

function live_rings_work(string $case, int $rings, SplFixedArray $living,
                         SplFixedArray $window): Pauses
{
    $random = new Random(43);
    $kept = $window->getSize();
    $nodes = $living->getSize();
    $pauses = new Pauses();
    $series = new Series($rings);
    for ($i = 0; $i < $rings; $i++) {
        $ring = ring_build();
        if ($case === 'old') {
            $window[$i % $kept] = $ring;
        } elseif ($case === 'into') {
            $ring->b = $living[$i % $nodes];
        }
        $ring = null;
        $pauses->end();
        $series->look($i, $pauses);
    }
    $series->write($case);
    return $pauses;
}

function run_live_rings(string $case, float $scale): void
{
    if (!in_array($case, ['empty', 'main', 'old', 'into'])) {
        exit(UNSUPPORTED);
    }
    $rings = (int)(LIVE_RINGS * $scale);
    $living = graph_build($case === 'empty' ? 0 : (int)(LIVE_NODES * $scale));
    $window = new SplFixedArray($case === 'old' ? max(100, (int)(LIVE_WINDOW * $scale)) : 0);
    for ($i = 0; $i < $window->getSize(); $i++) {
        $window[$i] = ring_build();
    }
    peak_forget();
    $before = resident_bytes();
    $start = cpu_ns();
    $pauses = live_rings_work($case, $rings, $living, $window);
    $spent = cpu_ns() - $start;
    report($case, 'ns_per_object', $spent / ($rings * RING_NODES));
    report($case, 'seconds', $spent / 1e9);
    report($case, 'live_bytes', $before);
    report($case, 'extra_bytes', max(0, peak_bytes() - $before));
    $pauses->report($case);
    graph_verify($living);
    foreach ($window as $ring) {
        verify(ring_count($ring) === RING_NODES, 'nodes of a kept ring');
    }
}

function run_full(float $scale): void
{
    $living = graph_build((int)(LIVE_NODES * $scale));
    gc_collect_cycles();
    gc_disable();
    foreach ($living as $node) {
        $touched = $node;
    }
    $touched = $node = null;
    $start = cpu_ns();
    gc_collect_cycles();
    report('main', 'seconds', (cpu_ns() - $start) / 1e9);
    report('main', 'peak_bytes', peak_bytes());
    graph_verify($living);
}

function run_shannon(float $scale): void
{
    $head = chain_build(10000);
    $chains = max(20, intdiv((int)(20000000 * $scale), 5001));
    $kept = chain_build(5001);
    $kept->surprise = $head;
    peak_forget();
    $before = resident_bytes();
    $start = cpu_ns();
    for ($i = 0; $i < $chains; $i++) {
        $kept = chain_build(5001);
        $kept->surprise = $head;
    }
    report('main', 'ns_per_object', (cpu_ns() - $start) / ($chains * 5001));
    report('main', 'live_bytes', $before);
    report('main', 'extra_bytes', max(0, peak_bytes() - $before));
}

function run_bulk(float $scale): void
{
    $count = (int)(15000000 * $scale);
    $before = resident_bytes();
    $start = cpu_ns();
    $all = [];
    for ($i = 0; $i < $count; $i++) {
        $all[] = new Node();
    }
    report('main', 'seconds', (cpu_ns() - $start) / 1e9);
    report('main', 'live_bytes', resident_bytes() - $before);
    verify(count($all) === $count, 'objects of the array');
}

function main(string $workload, string $case = 'all', string $scale = '1'): void
{
    $workloads = ['trees', 'tree', 'list', 'rings', 'full', 'shannon', 'bulk'];
    if ($workload === 'version') {
        echo PHP_VERSION, "\n";
    } elseif ($workload === 'list-drop') { // what drop_overflows starts
        $head = list_build((int)(10000000 * (float)$scale));
        $head = null;
    } elseif ($workload === 'live-rings') {
        run_live_rings($case, (float)$scale);
    } elseif (!in_array($workload, $workloads) || !in_array($case, ['all', 'main'])) {
        exit(UNSUPPORTED);
    } else {
        ('run_' . $workload)((float)$scale);
    }
}

main(...array_slice($argv, 1));
