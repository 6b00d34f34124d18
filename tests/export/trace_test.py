#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Chromium's own loader of traces reads what `ouro trace` writes, and agrees.

usage: trace_test.py OURO PROGRAM...       (programs that are run with 300 as their argument)

The loader is the one of the Performance panel, in the DevTools that Chromium has inside: TimelineLoader takes the file,
and the trace model the events, which it puts on tracks.  Compared with the file: the processes and their names, the
tracks and theirs, and of each track every slice, with its name, its time, its duration and what it lies in.
Ends with 77, a skip, where Chromium is missing or has no such modules.
"""
import json
import os
import subprocess
import sys
import tempfile

from chromium import DEVTOOLS, devtools
from exports import fail

BEGIN = f"""(async () => {{
    const {{TimelineLoader}} = await import("{DEVTOOLS}panels/timeline/timeline.js");
    const {{TraceModel, Handlers}} = await import("{DEVTOOLS}models/trace/trace.js");
    const load = text => new Promise((loaded, refused) => {{
        TimelineLoader.TimelineLoader.loadFromParsedJsonFile(JSON.parse(text), {{
            loadingStarted() {{}}, processingStarted() {{}}, loadingProgress() {{}},
            loadingComplete: events => events.length > 0 ? loaded(events) : refused(new Error("no events")),
        }});
    }});
    /* [name, start, duration, the name of what it lies in] in the order of a walk from above. */
    const slices = tree => {{
        const rows = [];
        const walk = (node, above) => {{
            rows.push([node.entry.name, node.entry.ts, node.entry.dur, above]);
            for (const child of node.children) walk(child, node.entry.name);
        }};
        for (const root of tree.roots) walk(root, null);
        return rows;
    }};
    globalThis.tell = async text => {{
        const events = await load(text);
        const model = TraceModel.Model.createWithAllHandlers();
        await model.parse(events);
        const data = model.parsedTrace().data;
        return {{
            events: events.length,
            processes: Array.from(data.Meta.processNames, ([process, event]) => [process, event.args.name]),
            tracks: Handlers.Threads.threadsInTrace(data).map(
                track => [track.pid, track.tid, track.name, track.entries.length, slices(track.tree)]),
        }};
    }};
}})()"""


def end_of(event):
    """In nanoseconds, which numbers of JSON hold as thousandths."""
    return round(event["ts"] * 1000) + round(event["dur"] * 1000)


def within(slices):
    """Each with the name of the one that it lies in."""
    rows, around = [], []
    for event in slices:
        while around and end_of(around[-1]) <= round(event["ts"] * 1000):
            around.pop()
        rows.append([event["name"], event["ts"], event["dur"], around[-1]["name"] if around else None])
        around.append(event)
    return rows


def compare(page, text, what):
    events = json.loads(text)["traceEvents"]
    said = page.evaluate(f"tell({json.dumps(text)})")
    if said["events"] != len(events):
        fail(f"{what}: DevTools loads {said['events']} events, and there are {len(events)}")
    named = {(event["pid"], event["tid"], event["name"]): event["args"]["name"] for event in events if event["ph"] == "M"}
    processes = {process: name for (process, _, kind), name in named.items() if kind == "process_name"}
    if dict(said["processes"]) != processes:
        fail(f"{what}: processes are {said['processes']} instead of {processes}")
    slices = {}
    for event in events:
        if event["ph"] == "X":
            slices.setdefault((event["pid"], event["tid"]), []).append(event)
    tracks = {(process, track): (name, count, rows) for process, track, name, count, rows in said["tracks"]}
    if tracks.keys() != slices.keys():
        fail(f"{what}: tracks are {sorted(tracks)} instead of {sorted(slices)}")
    for key, (name, count, rows) in tracks.items():
        if name != named[*key, "thread_name"]:
            fail(f"{what}: track {key} is called {name} instead of {named[*key, 'thread_name']}")
        expected = within(slices[key])
        if count != len(expected) or rows != expected:
            differs = next((i for i, pair in enumerate(zip(rows, expected)) if pair[0] != pair[1]), count)
            fail(f"{what}: track {name} has {count} slices instead of {len(expected)}; number {differs} is "
                 f"{rows[differs:differs + 1]} instead of {expected[differs:differs + 1]}")
    phases = sum(row[3] is not None for _, _, rows in tracks.values() for row in rows)
    if phases == 0:
        fail(f"{what}: no phase lies in a pause")
    print(f"{what}: {len(tracks)} tracks of {len(processes)} processes, {sum(map(len, slices.values()))} slices, "
          f"{phases} of them in others: equal")


def main():
    ouro, *programs = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder, devtools(BEGIN) as page:
        log, trace = os.path.join(folder, "log"), os.path.join(folder, "trace.json")
        for program in programs * 2:  # the second time, two heaps of two processes
            subprocess.run([program, "300"], check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OURO_LOG": log})
            subprocess.run([ouro, "trace", "-o", trace, log], check=True, stderr=subprocess.DEVNULL)
            with open(trace, encoding="utf-8") as file:
                compare(page, file.read(), os.path.basename(program))
    return 0


if __name__ == "__main__":
    sys.exit(main())
