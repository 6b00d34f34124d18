#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Chromium's own loader of heap snapshots reads what `ouro snapshot export --to devtools` writes, and agrees.

usage: devtools_test.py OURO SNAPSHOT...       (files, or KIND:COUNT; demo: what `ouro demo` saves, python: a process)

The loader is the one of the Memory panel: the module heap_snapshot_worker of the DevTools that Chromium has inside,
imported in a page of theirs.  Compared with the tables of `--to csv`: how many objects and bytes there are, of each
class, what each object retains, and below 100,000 objects also what the edges are called.
Ends with 77, a skip, where Chromium is missing or has no such module.
"""
import json
import sys
import tempfile
from collections import Counter

from chromium import devtools
from exports import export, fail, snapshots, table

GROUPS = 5
# What DevTools calls our kinds of edges.
EDGES = {"field": "property", "key": "property", "item": "element", "keys": "internal", "internal": "internal",
         "ephemeron": "internal", "weak": "weak", "borrowed": "weak"}
PIECE = 1 << 22
MODULE = "devtools://devtools/bundled/entrypoints/heap_snapshot_worker/heap_snapshot_worker.js"
BEGIN = f"""(async () => {{
    globalThis.worker = await import("{MODULE}");
    globalThis.begin = () => {{
        globalThis.loader = new worker.HeapSnapshotLoader.HeapSnapshotLoader({{sendEvent() {{}}}});
    }};
    globalThis.finish = async () => {{
        loader.close();
        await loader.parsingComplete;
        const channel = new MessageChannel();
        new worker.HeapSnapshot.SecondaryInitManager(channel.port2);
        globalThis.snapshot = await loader.buildSnapshot(channel.port1);
        return snapshot.nodeCount;
    }};
    globalThis.tell = () => {{
        const classes = {{}}, fields = snapshot.nodeFieldCount, ids = [], sizes = [];
        for (let node = snapshot.createNode(0), i = 0; i < snapshot.nodeCount; i++) {{
            node.nodeIndex = i * fields;
            sizes.push(node.selfSize());
            ids.push(node.id());
            const name = node.className();
            const of = classes[name] ??= [0, 0];
            of[0]++;
            of[1] += node.selfSize();
        }}
        return {{total: snapshot.totalSize, retained: Array.from(snapshot.retainedSizes), sizes, ids, classes}};
    }};
    globalThis.edges = () => {{
        const rows = [], fields = snapshot.nodeFieldCount;
        for (let node = snapshot.createNode(0), i = 0; i < snapshot.nodeCount; i++) {{
            node.nodeIndex = i * fields;
            for (const edge = node.edges(); edge.hasNext(); edge.next())
                rows.push([i, edge.item().type(), String(edge.item().name()), edge.item().nodeIndex() / fields]);
        }}
        return rows;
    }};
    globalThis.names = () => {{
        const names = [], fields = snapshot.nodeFieldCount;
        for (let node = snapshot.createNode(0), i = 0; i < snapshot.nodeCount; i++) {{
            node.nodeIndex = i * fields;
            names.push(node.name());
        }}
        return names;
    }};
}})()"""


def load(page, text):
    page.evaluate("begin(), 0")
    for at in range(0, len(text), PIECE):
        page.evaluate(f"loader.write({json.dumps(text[at:at + PIECE])}), 0")
    return page.evaluate("finish()")


def class_of(row, bracketed):
    return f"<{row['type']}>" if row["type"] in bracketed else row["type"]


def compare(page, ouro, snapshot):
    objects = table(ouro, snapshot, "objects")
    nodes = load(page, export(ouro, snapshot, "--to", "devtools").decode())
    if nodes != len(objects) + GROUPS + 1:
        fail(f"{snapshot}: DevTools has {nodes} nodes, and there are {len(objects)} objects and {GROUPS} groups")
    said = page.evaluate("tell()")
    total = sum(int(row["size"]) for row in objects)
    if said["total"] != total or said["retained"][0] != total:
        fail(f"{snapshot}: DevTools counts {said['total']} bytes, and the root retains {said['retained'][0]}, "
             f"instead of {total}")
    if len(set(said["ids"])) != nodes:
        fail(f"{snapshot}: nodes share their numbers")
    bracketed = {row["type"] for row in objects if row["text"] and " " not in row["type"]}
    classes, sizes = Counter(), Counter()
    for row in objects:
        classes[class_of(row, bracketed)] += 1
        sizes[class_of(row, bracketed)] += int(row["size"])
    for name, count in classes.items():
        if said["classes"].get(name) != [count, sizes[name]]:
            fail(f"{snapshot}: class {name} has {said['classes'].get(name)} instead of {[count, sizes[name]]}")
    unreached = sum(int(row["size"]) for row in objects if row["reached"] == "0")
    if said["retained"][GROUPS] != unreached:
        fail(f"{snapshot}: what is not reached retains {said['retained'][GROUPS]} instead of {unreached}")
    for i, row in enumerate(objects):
        if row["reached"] == "1" and said["retained"][1 + GROUPS + i] != int(row["retained"]):
            fail(f"{snapshot}: {row['address']} retains {row['retained']}, DevTools says {said['retained'][1 + GROUPS + i]}")
    print(f"{snapshot.name}: {len(objects)} objects, {total} bytes, {unreached} not reached, "
          f"{len(classes)} classes: equal")
    return objects


def shown(text):
    return text if len(text) <= 80 else text[:80] + "..."


def check_names(page, ouro, snapshot, objects):
    """Each edge by its name, as the table has them."""
    number = {row["address"]: 1 + GROUPS + i for i, row in enumerate(objects)}
    reached = {row["address"]: row["reached"] == "1" for row in objects}
    rows = table(ouro, snapshot, "edges")
    lists = {}
    for row in rows:
        if row["kind"] == "item":
            lists.setdefault(row["owner"], set()).add(row["name"])
    said = Counter((owner, kind, name, target) for owner, kind, name, target in page.evaluate("edges()")
                   if owner > GROUPS)
    expected = Counter()
    for row in rows:
        is_weak = reached[row["target"]] and not reached[row["owner"]]
        kind, name = EDGES[row["kind"]], row["name"]
        if row["kind"] == "item" and (is_weak or len(lists[row["owner"]]) > 1):
            kind, name = "property", f"{name}[{row['index']}]"
        elif row["kind"] == "item":
            name = row["index"]
        elif row["kind"] == "internal":
            name = name or "internal"
        else:
            name = {"keys": f"key {name}", "ephemeron": f"value in {name}"}.get(row["kind"], name)
        expected[number[row["owner"]], "weak" if is_weak else kind, name, number[row["target"]]] += 1
    if said != expected:
        fail(f"{snapshot}: edges differ: {said - expected} instead of {expected - said}")
    names = page.evaluate("names()")
    for i, row in enumerate(objects):
        if row["text"] and " " not in row["type"] and names[1 + GROUPS + i] != f"<{row['type']} {shown(row['text'])}>":
            fail(f"{snapshot}: {row['address']} is called {names[1 + GROUPS + i]}")
    print(f"{snapshot.name}: {sum(expected.values())} edges: equal")


def main():
    ouro, *wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, devtools(BEGIN) as page:
        for snapshot in snapshots(folder, wanted):
            objects = compare(page, ouro, snapshot)
            if len(objects) < 100000:
                check_names(page, ouro, snapshot, objects)
    return 0


if __name__ == "__main__":
    sys.exit(main())
