// SPDX-License-Identifier: MIT
//
// shared_ptr.cpp -- system shared_ptr: C++ with std::make_shared
//
// Counts without a collector: a ring holds itself by weak links backwards and
// is broken by hand.  As long as a process has had one thread only, libstdc++
// counts without atomic operations; `refs` shows both.  Destroying a long list
// recurses; list_drop finds out, in a child process, whether the stack bears it.
//
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "../support/program.h"

struct node {
    std::shared_ptr<node> a, b;
};

// Of a ring: backwards is weak.
struct ring_link {
    std::shared_ptr<ring_link> next;
    std::weak_ptr<ring_link> previous;
};

// Of a chain: the same, and a reference to another chain.
struct chain_link {
    std::shared_ptr<chain_link> next;
    std::weak_ptr<chain_link> previous;
    std::shared_ptr<chain_link> surprise;
};

using tree = std::shared_ptr<node>;
using list = std::shared_ptr<node>;
using ring = std::shared_ptr<ring_link>;
using chain = std::shared_ptr<chain_link>;
using graph = std::vector<tree> *; // never given back: its cycles have no weak links

namespace
{

void bench_poll() {}
void bench_settle() {}

tree tree_build(long levels)
{
    auto n = std::make_shared<node>();
    if (levels > 1) {
        n->a = tree_build(levels - 1);
        n->b = tree_build(levels - 1);
    }
    return n;
}

long tree_count(const tree &t)
{
    return t->a ? 1 + tree_count(t->a) + tree_count(t->b) : 1;
}

void tree_drop(tree *t)
{
    t->reset();
}

list list_build(long count)
{
    list head;
    for (long i = 0; i < count; i++) {
        auto n = std::make_shared<node>();
        n->a = std::move(head);
        head = std::move(n);
    }
    return head;
}

long list_count(const list &l)
{
    long count = 0;
    for (const node *n = l.get(); n; n = n->a.get())
        count++;
    return count;
}

// Does dropping this list overflow the stack?  A child process tries.
bool drop_overflows(list *l)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        rlimit no_core = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        l->reset();
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    return !WIFEXITED(status);
}

int list_drop(list *l)
{
    if (!drop_overflows(l)) {
        l->reset();
        return 0;
    }
    while (*l) // one node at a time, so that this process can end
        *l = list(std::move((*l)->a));
    return 1; // LIST_DROP_OVERFLOWS
}

ring ring_build(int count)
{
    auto first = std::make_shared<ring_link>();
    auto last = first;
    for (int i = 1; i < count; i++) {
        auto n = std::make_shared<ring_link>();
        n->previous = last;
        last->next = n;
        last = std::move(n);
    }
    last->next = first;
    first->previous = last;
    return first;
}

int ring_count(const ring &first)
{
    int count = 0;
    const ring_link *n = first.get();
    do {
        if (n->next->previous.lock().get() != n)
            return -1;
        n = n->next.get();
        count++;
    } while (n != first.get());
    return count;
}

void ring_drop(ring *r)
{
    (*r)->next.reset();
    r->reset();
}

graph graph_new(size_t count)
{
    auto g = new std::vector<tree>;
    for (size_t i = 0; i < count; i++)
        g->push_back(std::make_shared<node>());
    return g;
}

void graph_link(graph g, size_t i, size_t j, size_t k)
{
    (*g)[i]->a = (*g)[j];
    (*g)[i]->b = (*g)[k];
}

bool graph_linked(graph g, size_t i, size_t j, size_t k)
{
    return (*g)[i]->a == (*g)[j] && (*g)[i]->b == (*g)[k];
}

size_t graph_collect()
{
    return 0;
}

chain chain_build(long count)
{
    chain head;
    for (long i = 0; i < count; i++) {
        auto made = std::make_shared<chain_link>();
        if (head)
            head->previous = made;
        made->next = std::move(head);
        head = std::move(made);
    }
    return head;
}

void chain_surprise(const chain &c, const chain &other)
{
    c->surprise = other;
}

long chain_count(const chain &c)
{
    long count = 0;
    for (const chain_link *n = c.get(); n; n = n->next.get())
        count++;
    return count;
}

// Link by link: a chain of thousands, left to itself, would be destroyed by recursion.
void chain_drop(chain *c)
{
    while (*c)
        *c = chain(std::move((*c)->next));
}

void bench_threshold(size_t, size_t) {}

} // namespace

#include "../support/pauses.h"

static const pauses_explain bench_explain = nullptr;

#include "../support/clock.h"
#include "../support/memory.h"
#include "../support/random.h"
#include "../workloads/chains.h"
#include "../workloads/list.h"
#include "../workloads/live_rings.h"
#include "../workloads/many.h"
#include "../workloads/refs.h"
#include "../workloads/rings.h"
#include "../workloads/tree.h"
#include "../workloads/trees.h"

namespace
{

// The walk of refs.h, in this language's words.
__attribute__((noinline)) void walk(const std::vector<tree> &objects, const uint32_t *order,
                                    long rounds)
{
    tree held = objects[0];
    for (long round = 0; round < rounds; round++) {
        for (size_t i = 0; i < objects.size(); i++) {
            held = objects[order[i]];
            BENCH_ESCAPE(&held);
        }
    }
}

double walk_refs(long count, const uint32_t *order, long steps)
{
    std::vector<tree> objects;
    for (long i = 0; i < count; i++)
        objects.push_back(std::make_shared<node>());
    walk(objects, order, 1);
    uint64_t start = cpu_ns();
    walk(objects, order, steps / count);
    double spent = static_cast<double>(cpu_ns() - start);
    for (const tree &object : objects)
        BENCH_VERIFY(object.use_count() == 1);
    return spent / static_cast<double>(steps / count * count);
}

int run_refs(const bench_job *job)
{
    int local = refs_run_kind(job, "local", walk_refs);
    std::thread([] {}).join(); // from here on, libstdc++ counts atomically
    int shared = refs_run_kind(job, "shared", walk_refs);
    return local < shared ? local : shared;
}

} // namespace

int main(int argc, char **argv)
{
    static const bench_workload workloads[] = {
        {"refs", run_refs},
        {"trees", trees_run},
        {"tree", tree_run},
        {"list", list_run},
        {"rings", rings_run},
        {"live-rings", live_rings_run},
        {"shannon", shannon_run},
        {"fast-cycles", fast_cycles_run},
        {"bulk", bulk_run},
        {nullptr, nullptr},
    };
    return bench_main(argc, argv, workloads, __VERSION__);
}
