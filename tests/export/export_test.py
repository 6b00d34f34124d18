#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`ouro snapshot export` by its own words: tables, drawings, arguments, failures.

usage: export_test.py OURO [sanitized]
"""
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from exports import export, fail, snapshots, table


def check(condition, what):
    if not condition:
        fail(what)


def run(*arguments, **options):
    return subprocess.run(arguments, capture_output=True, text=True, check=False, **options)


def check_tables(ouro, odd):
    objects = {row["text"] or row["address"]: row for row in table(ouro, odd, "objects")}
    check('comma, "quote"\nand line' in objects and "x\\y \u00e4\x01" in objects, f"texts differ: {list(objects)[:9]}")
    check(objects["a"]["type"] == 'ring, of "two" words' and objects["a"]["reached"] == "0", "a ring is another")
    check(objects["tail"]["retained"] == "0" and objects["tail"]["size"] == "22", "the tail is another")
    raw = export(ouro, odd, "--to", "csv")
    check(raw.count(b"\r\n") == 209 and raw.endswith(b"\r\n"), "lines do not end as RFC 4180 has them")
    edges = table(ouro, odd, "edges")
    check(len(edges) == 5 + 1 + 4 + 199, f"there are {len(edges)} edges")
    kinds = {row["kind"] for row in edges}
    check(kinds == {"item", "field", "borrowed", "key", "internal", "keys"}, f"kinds of edges are {kinds}")
    types = {row["type"]: row for row in table(ouro, odd, "types")}
    check(types["link"]["objects"] == "100" and types["book"]["unreached_bytes"] == str(22 + 23), f"{types}")
    links = [row for row in objects.values() if row["type"] in ("link", "pair")]
    first = max(links, key=lambda row: int(row["retained"]))
    check(int(first["retained"]) == sum(int(row["size"]) for row in links), "the chain's first holds not all of it")


def check_drawings(ouro, odd):
    objects = table(ouro, odd, "objects")
    tree = export(ouro, odd, "--to", "graphviz", "--limit", "20").decode()
    check(len(re.findall(r"^  n\d+ \[label", tree, re.M)) == 20, "the tree has not 20 nodes")
    check("root -> n0;" in tree and 'label=".chain"' in tree, f"the tree is another: {tree}")
    near = export(ouro, odd, "--to", "graphviz", "--object", objects[4]["address"], "--depth", "1").decode()
    nodes = set(re.findall(r"^  n(\d+) \[label", near, re.M))
    check(nodes == {"4", "5"}, f"the ring's neighbourhood is {nodes}")
    far = export(ouro, odd, "--to", "graphviz", "--object", objects[4]["address"], "--depth", "2").decode()
    nodes = set(re.findall(r"^  n(\d+) \[label", far, re.M))
    check(nodes == {"1", "4", "5", "6"}, f"two steps from the ring are {nodes}")
    check(re.search(r"n1 .*style=dashed", far), "a node with more is not dashed")
    if shutil.which("dot") is None:
        print("dot is not installed: what is drawn was not parsed")
        return
    for drawing in (tree, near, far):
        done = run("dot", "-Tplain", input=drawing)
        check(done.returncode == 0 and done.stderr == "", f"dot complains: {done.stderr}")
    check(len(re.findall(r"^node ", run("dot", "-Tplain", input=far).stdout, re.M)) == 4, "dot sees other nodes")


def check_devtools(ouro, odd):
    """By the rules of the format alone; the real loader has a test of its own."""
    data = json.loads(export(ouro, odd, "--to", "devtools"))
    head, nodes, edges, strings = data["snapshot"], data["nodes"], data["edges"], data["strings"]
    check(len(nodes) == 7 * head["node_count"] and len(edges) == 3 * head["edge_count"], "counts differ")
    check(sum(nodes[4::7]) == head["edge_count"], "nodes have other edges")
    check(all(node % 7 == 0 and node < len(nodes) for node in edges[2::3]), "an edge leads nowhere")
    check(all(name < len(strings) for name in nodes[1::7]), "a node has no name")
    groups = [strings[name] for name in nodes[8:8 + 5 * 7:7]]
    check(groups == ["(named roots)", "(outside)", "(immortal)", "(frames)", "(unreached)"], f"groups are {groups}")
    check(edges[2:15:3] == [7, 14, 21, 28, 35], "the root leads elsewhere than to groups")


def check_profile_depth(ouro, odd):
    data = json.loads(export(ouro, odd, "--to", "dhat", "--by", "types"))
    deepest = max(len(point["fs"]) for point in data["pps"])
    check(deepest == 64, f"the deepest stack has {deepest} frames")
    links = [point for point in data["pps"] if data["ftbl"][point["fs"][0]] == "link"]
    check(sum(point["tbk"] for point in links) == 100, "links are missing in the stacks")


def check_arguments(ouro, odd, folder):
    check("--to FORMAT" in run(ouro, "snapshot", "export", "--help").stdout, "there is no help")
    out = str(folder / "out")
    for arguments, words in [
        ([], "FILE is missing"), ([odd], "--to FORMAT is missing"), ([odd, "--to", "csv"], "-o OUT is missing"),
        ([odd, "--to", "word", "-o", out], "csv, not 'word'"), ([odd, "--to"], "missing behind '--to'"),
        ([odd, "--to", "csv", "-o", out, "--rows=all"], "--rows takes objects, edges or types, not 'all'"),
        ([odd, "--to", "csv", "-o", out, "--depth", "-3"], "--depth takes a number, not '-3'"),
        ([odd, "--to", "csv", "-o", out, "--limit", "0"], "--limit takes a number from 1, not '0'"),
        ([odd, "--to", "csv", "-o", out, "--fast", "1"], "no option '--fast'"),
        ([odd, "--to", "graphviz", "-o", out, "--object", "0x12"], "no object at the address '0x12'"),
        ([odd, odd, "--to", "csv", "-o", out], "one file too many"),
        ([odd, "--to", "csv", "-o", "-", "--json"], "with --json give -o a file"),
        ([__file__, "--to", "csv", "-o", out], "export_test.py: offset 0: this is no snapshot"),
    ]:
        done = run(ouro, "snapshot", "export", *arguments)
        check(done.returncode == 2 and words in done.stderr and done.stdout == "",
              f"{arguments} ended with {done.returncode}: {done.stderr}")
    check(not list(folder.glob("out*")), "a failed export has left something")
    done = run(ouro, "snapshot", "export", odd, "--to", "csv", "-o", str(folder / "none" / "out"))
    check(done.returncode == 1 and "No such file" in done.stderr, f"a missing folder is no failure: {done.stderr}")
    if Path("/dev/full").exists():
        with open("/dev/full", "w", encoding="utf-8") as full:
            done = subprocess.run([ouro, "snapshot", "export", odd, "--to", "csv", "-o", "-"], stdout=full,
                                  stderr=subprocess.PIPE, text=True, check=False)
        check(done.returncode == 1 and "incomplete" in done.stderr, "a full disk is no failure")
    done = run(ouro, "snapshot", "export", odd, "--to", "csv", "-o", out)
    check(done.returncode == 0 and Path(out).read_bytes() == export(ouro, odd, "--to", "csv"), "a file is another")
    done = run(ouro, "snapshot", "export", odd, "--to", "csv", "-o", out, "--json")
    check(json.loads(done.stdout) == {"output": out, "format": "csv", "bytes": Path(out).stat().st_size,
                                      "objects": len(table(ouro, odd, "objects"))}, f"--json says {done.stdout}")
    check_pipe(ouro, odd, folder)


def check_pipe(ouro, odd, folder):
    """What is no regular file is written to, and stays what it is."""
    pipe = folder / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["timeout", "60", "cat", pipe], stdout=subprocess.PIPE) as reader:
        done = run(ouro, "snapshot", "export", odd, "--to", "csv", "-o", str(pipe))
        check(done.returncode == 0 and pipe.is_fifo(), f"a pipe is replaced: {done.stderr}")
        check(reader.stdout.read() == export(ouro, odd, "--to", "csv"), "a pipe gets another table")


def check_little_memory(ouro, random):
    """With less and less memory an export succeeds or says that there is none; it leaves nothing and never crashes."""
    outcomes = set()
    for form in ("devtools", "pprof", "dhat", "graphviz", "csv"):
        for megabytes in range(6, 60, 3):
            limit = megabytes << 20
            out = random.with_suffix(".out")
            done = run(ouro, "snapshot", "export", str(random), "--to", form, "-o", str(out), "--by", "types",
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))
            if done.returncode == 127 or "shared librar" in done.stderr:
                continue  # not even the program itself could be loaded
            check(done.returncode in (0, 1), f"{form} in {megabytes} MB ended with {done.returncode}: {done.stderr}")
            check(out.exists() == (done.returncode == 0), f"{form} in {megabytes} MB has left something")
            check(done.returncode == 0 or "memory" in done.stderr, f"{form} in {megabytes} MB says {done.stderr}")
            outcomes.add(done.returncode)
            out.unlink(missing_ok=True)
    check(outcomes == {0, 1}, f"memory was never short, or always: {outcomes}")


def main():
    ouro = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        odd, = snapshots(folder, ["odd:0"])
        check_tables(ouro, odd)
        check_drawings(ouro, odd)
        check_devtools(ouro, odd)
        check_profile_depth(ouro, odd)
        check_arguments(ouro, str(odd), Path(folder))
        if "sanitized" not in sys.argv[2:]:  # sanitizers take terabytes of addresses
            random, = snapshots(folder, ["random:60000"])
            check_little_memory(ouro, random)
    print("tables, drawings, nodes and edges, stacks, arguments: as they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
