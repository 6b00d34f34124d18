#!/usr/bin/env python3
"""`ouro trace`: the trace of a program keeps the rules of the format, and says what the program says.

usage: trace_test.py COMMAND PROGRAM [SNAPSHOT]

SNAPSHOT is one of a heap that kept a log.  The rules are those of the Trace Event Format that viewers
rely on: required fields, slices of a track that lie within each other or apart, counters that are numbers.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile


def run(*words, status=0, **more):
    done = subprocess.run(words, capture_output=True, text=True, timeout=100, **more)
    assert done.returncode == status, f"{words} ends with {done.returncode}: {done.stderr}"
    return done


ROUNDED = 2  # nanoseconds that a duration may be short of, so that slices do not overlap


def nanoseconds(number):
    return round(number * 1000)


def check_track(slices):
    """They begin one after the other, and each lies in the one that is open, or behind it: in nanoseconds, and for a
    viewer that adds the doubles."""
    before, open_ends, added_ends = -1, [], []
    for event in slices:
        start = nanoseconds(event["ts"])
        end = start + nanoseconds(event["dur"])
        assert start >= before, f"out of order: {event}"
        before = start
        while open_ends and open_ends[-1] <= start:
            open_ends.pop()
        assert not open_ends or end <= open_ends[-1], f"neither within nor behind: {event}"
        open_ends.append(end)
        while added_ends and added_ends[-1] <= event["ts"]:
            added_ends.pop()
        added = event["ts"] + event["dur"]
        assert not added_ends or added <= added_ends[-1], f"neither within nor behind, added up: {event}"
        added_ends.append(added)


def check(trace):
    """The slices by track and the counters by name of a trace that keeps the rules."""
    tracks, counters, names = {}, {}, {}
    for event in trace["traceEvents"]:
        assert isinstance(event["name"], str) and event["name"], event
        assert isinstance(event["pid"], int) and isinstance(event["tid"], int), event
        if event["ph"] == "M":
            names[event["pid"], event["tid"], event["name"]] = event["args"]["name"]
            continue
        assert event["ts"] >= 0, event
        if event["ph"] == "X":
            assert event["dur"] >= 0 and isinstance(event["args"], dict), event
            tracks.setdefault((event["pid"], event["tid"]), []).append(event)
        else:
            assert event["ph"] == "C", event
            assert event["args"] and all(isinstance(value, int) for value in event["args"].values()), event
            counters.setdefault((event["pid"], event["name"]), []).append(event)
    for (process, track), slices in tracks.items():
        check_track(slices)
        assert (process, track, "thread_name") in names and (process, 0, "process_name") in names
    for samples in counters.values():
        times = [event["ts"] for event in samples]
        assert times == sorted(times)
    return tracks, counters


def kinds(tracks, kind):
    return [event for slices in tracks.values() for event in slices if event["cat"] == kind]


def check_phases_fill_pauses(tracks):
    """Each phase lies in a pass or a step of its track."""
    for slices in tracks.values():
        end = -1
        for event in slices:
            if event["cat"] in ("pass", "step"):
                end = nanoseconds(event["ts"]) + nanoseconds(event["dur"])
            elif event["cat"] == "phase":
                assert nanoseconds(event["ts"]) + nanoseconds(event["dur"]) <= end, event


def trace_a_program(command, program, folder):
    output = os.path.join(folder, "trace.json")
    done = run(command, "trace", "--json", "-o", output, program, "300")
    said = dict(line.split() for line in done.stdout.split("ready")[0].splitlines())
    summary = json.loads(done.stdout.split("ready")[1])
    with open(output, encoding="utf-8") as file:
        tracks, counters = check(json.load(file))
    check_phases_fill_pauses(tracks)
    passes, cycles = kinds(tracks, "pass"), kinds(tracks, "cycle")
    # closing the heap collects once more
    assert len(cycles) == int(said["whole_collections"]) + 1, (len(cycles), said)
    assert len([event for event in passes if event["name"] == "young" and event["args"]["generation"] == 0]) \
        == int(said["young_collections"]), said
    collected = sum(event["args"]["collected"] for event in passes + cycles[:-1])
    assert collected == int(said["collected"]), (collected, said)
    assert summary["heaps"] == 1 and summary["lost"] == 0, summary
    assert summary["pauses"] == len(passes) + len(kinds(tracks, "step")), summary
    assert summary["longest_pause_nanoseconds"] >= int(said["longest_pause"]), summary
    for cycle in cycles:
        start, end = nanoseconds(cycle["ts"]), nanoseconds(cycle["ts"]) + nanoseconds(cycle["dur"]) + ROUNDED
        steps = [event for event in kinds(tracks, "step") if start <= nanoseconds(event["ts"]) < end]
        assert steps and all(nanoseconds(event["ts"] + event["dur"]) <= end for event in steps), cycle
    assert {name for _, name in counters} == {"churn: objects", "churn: bytes"}, counters.keys()


def what_cannot_be_written(command, program, folder):
    """What a program did is not lost with the trace, and a trace that was there stays."""
    refused = run(command, "trace", "-o", os.path.join(folder, "none", "trace.json"), program, "20", status=1)
    log = refused.stderr.split("what was logged is in ")[1].split(";")[0]
    try:
        assert json.loads(run(command, "trace", "--json", log).stdout)["heaps"] == 1
    finally:
        os.unlink(log)
    output, rubbish = os.path.join(folder, "kept.json"), os.path.join(folder, "rubbish")
    for path, words in (output, "before"), (rubbish, "heap\tis none\n"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(words)
    run(command, "trace", "-o", output, rubbish, status=2)
    with open(output, encoding="utf-8") as file:
        assert file.read() == "before"


def write_heaps(log, heaps):
    """Each is written of when all are there, and one number comes again."""
    with open(log, "w", encoding="utf-8") as file:
        for i in range(heaps):
            file.write(f"heap\t{i}-1\tversion=1\t{i + 1}\t{1000 + i}\tprogram\tname\n")
            if i == 9:
                file.write("heap\t7-1\tversion=1\t8\t99999\tprogram\tagain\n")
        for i in range(heaps):
            file.write(f"event\t{i}-1\tpass\t0\t5\t6\t7\t8\t9\t0\tyoung\n")


def many_heaps(command, folder):
    """As many as a server makes in a month take the time of each; looked for one after the other, five times as many
    took 25 times as long."""
    log, output, seconds = os.path.join(folder, "many"), os.path.join(folder, "many.json"), []
    for heaps in 10000, 50000:
        write_heaps(log, heaps)
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        summary = json.loads(run(command, "trace", "--json", "-o", output, log).stdout)
        seconds.append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
        assert (summary["heaps"], summary["events"]) == (heaps + 1, heaps), summary
    assert seconds[1] < 15 * seconds[0], seconds
    with open(output, encoding="utf-8") as file:
        events = json.load(file)["traceEvents"]
    named = {(event["pid"], event["tid"]): event["args"]["name"] for event in events if event["name"] == "thread_name"}
    of_8 = [named[event["pid"], event["tid"]] for event in events if event["ph"] == "X" and event["pid"] == 8]
    assert of_8 == ["again: pauses"], of_8


def two_programs_and_one_that_was_killed(command, program, folder):
    log, output = os.path.join(folder, "log"), os.path.join(folder, "two.json")
    for rounds in "20", "30":
        run(program, rounds, env={**os.environ, "OURO_LOG": log})
    whole = run(command, "trace", "--json", "-o", output, log)
    assert json.loads(whole.stdout)["heaps"] == 2
    alone = json.loads(run(command, "trace", "--json", log).stdout)
    assert alone["heaps"] == 2 and "trace" not in alone, alone
    with open(output, encoding="utf-8") as file:
        check(json.load(file))
    with open(log, "a", encoding="utf-8") as file:
        file.write("event\t12")  # cut off
    run(command, "trace", "-o", output, log)
    with open(log, "a", encoding="utf-8") as file:
        file.write("\nrubbish\n")
    refused = run(command, "trace", "-o", output, log, status=2)
    assert "is none of a log of collections" in refused.stderr, refused.stderr


def logs_of_others(command, folder):
    """Names that are no UTF-8, or would be cut in a character, and lines that are none, which are told by number."""
    log, output = os.path.join(folder, "others"), os.path.join(folder, "others.json")
    heading = b"heap\t7-1\tversion=1\t7\t1000\tprogram\t%s\n"

    def write(*lines):
        with open(log, "wb") as file:
            file.write(b"".join(lines))

    for name, shown in ((b"caf\xe9", "caf?"), (("x" * 62 + "\u00e4").encode(), "x" * 62), (b"\xed\xa0\x80", "???"),
                        ("\U0001f40d".encode(), "\U0001f40d")):
        write(heading % name, b"event\t7-1\tpass\t0\t5\t6\t7\t8\t9\t0\tyoung\n")
        run(command, "trace", "-o", output, log)
        with open(output, encoding="utf-8") as file:
            names = [event["args"]["name"] for event in json.load(file)["traceEvents"] if event["name"] == "thread_name"]
        assert names[0] == f"{shown}: pauses", names
    most = 1 << 61
    good = heading % b"heap"
    for line in (b"rubbish", b"heap\t" + b"9" * 32 + b"\tversion=1\t7\t1\tp\tn", b"close\t7-1\t1\t2", b"\0", b"x" * 5000,
                 b"lost\t7-1\t4294967296", b"sample\t7-1\t%d\t1\t1\t1" % (most + 1), b"close\t7-2\t1",
                 b"event\t7-1\tpass\t0\t%d\t1\t0\t0\t0\t0\tyoung" % (most + 1), b"event\t7-1\tpass\t3\t1\t1\t0\t0\t0\t0\tyoung",
                 b"event\t7-1\tpause\t0\t1\t1\t0\t0\t0\t0\tyoung", b"sample\t7-1\t1\t1\t1"):
        write(good, b"close\t7-1\t1\n", line + b"\n", good)
        refused = run(command, "trace", "-o", output, log, status=2)
        assert "others: line 3 is none of a log of collections" in refused.stderr, (line, refused.stderr)
    write(good, b"event\t7-1\tpass\t0\t%d\t%d\t0\t0\t0\t0\tyoung\n" % (most, most))
    run(command, "trace", "-o", output, log)


def what_cannot_be_traced(command, folder):
    output = os.path.join(folder, "none.json")
    assert "nothing to trace" in run(command, "trace", "-o", output, "true", status=1).stderr
    assert "cannot be run" in run(command, "trace", "-o", output, "/nowhere/at/all", status=127).stderr
    run(command, "trace", "-o", output, "sh", "-c", "exit 7", status=7)
    wrong = os.path.join(folder, "wrong")
    with open(wrong, "w", encoding="utf-8") as file:
        file.write("neither this nor that\n")
    refused = run(command, "trace", "-o", output, wrong, status=126)
    assert "wrong is no snapshot and no log of a heap, and cannot be run" in refused.stderr, refused.stderr
    refused = run(command, "trace", "--nonsense", status=2)
    assert "ouro: trace: there is no option '--nonsense'" in refused.stderr, refused.stderr
    assert not os.path.exists(output)
    run(command, "trace", "true", status=2)
    run(command, "trace", "-o", output, status=2)
    assert "Usage: ouro trace" in run(command, "trace", "--help").stdout


def trace_a_snapshot(command, snapshot, folder):
    output = os.path.join(folder, "snapshot.json")
    run(command, "trace", "-o", output, snapshot)
    with open(output, encoding="utf-8") as file:
        tracks, counters = check(json.load(file))
    check_phases_fill_pauses(tracks)
    assert kinds(tracks, "pass") and kinds(tracks, "phase") and counters


def names_of_places(command, program, snapshot):
    """`ouro snapshot sites` says where a traced program made its objects, by its debug information."""
    run(program, snapshot, env={**os.environ, "OURO_TRACE": "4"})
    row, = json.loads(run(command, "snapshot", "sites", "--json", "--top", "1", snapshot).stdout)["sites"]
    assert (row["made_objects"], row["objects"] < 50000) == (50000, True), row
    made_in = [("main", "snapshot_program.c")]
    if os.environ.get("OURO_TEST_NOTHING_INLINE"):  # there the header's part of a birth is a function of its own
        made_in.insert(0, ("ouro__new", "detail.h"))
    for frame, place in zip(row["frames"], made_in):
        assert frame["module"] == os.path.realpath(program), frame
        if frame["file"]:  # else the command is built without elfutils, or the program without debug information
            assert (frame["function"], os.path.basename(frame["file"])) == place, (frame, place)
    assert len(row["frames"]) >= len(made_in), row


def main():
    command, program = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        trace_a_program(command, program, folder)
        two_programs_and_one_that_was_killed(command, program, folder)
        logs_of_others(command, folder)
        what_cannot_be_traced(command, folder)
        what_cannot_be_written(command, program, folder)
        many_heaps(command, folder)
        if len(sys.argv) > 3:
            snapshot = os.path.join(folder, "heap.snapshot")
            run(sys.argv[3], snapshot)
            trace_a_snapshot(command, snapshot, folder)
            names_of_places(command, sys.argv[3], snapshot)


if __name__ == "__main__":
    main()
