#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What gdb says of a heap, alive and in a core file, is what the program says of itself.

usage: gdb_test.py GDB SCRIPT PROGRAM...        (each PROGRAM is program.c with one of the libraries)

Ends with 77, which is a skip, where gdb is missing, has no Python, or may not trace.
"""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

NODES = 3000
QUESTIONS = [
    "ouro heaps", "ouro census", "ouro census heap",
    "ouro object first", "ouro object shared", "ouro object the_team", "ouro object (char *)the_row + 3",
    "ouro object large_row", "ouro referrers first", "ouro referrers shared",
    "ouro referrers the_team", "ouro referrers the_row", "print first", "print *first",
    "print (void *)the_team", "print lonely", "ouro object heap", "ouro object 16",
]


def run_gdb(gdb, arguments, commands):
    """Runs commands, a failing one too, each announced by a line '@command'."""
    lines = []
    for command in commands:
        lines.append(f"echo \\n@{command}\\n")
        if command.startswith(("ouro ", "print ")):
            # gdb leaves a script at the first error, so errors are caught
            command = f"python\ntry: gdb.execute({command!r})\nexcept gdb.error as error: print('error:', error)\nend"
        lines.append(command)
    with tempfile.NamedTemporaryFile("w", suffix=".gdb") as script:
        script.write("\n".join(lines) + "\n")
        script.flush()
        done = subprocess.run([gdb, "-nx", "-batch", "-iex", "set debuginfod enabled off", "-x", script.name, *arguments],
                              capture_output=True, text=True, timeout=100, check=False)
    answers, name = {}, "start"
    for line in done.stdout.splitlines():
        if line.startswith("@"):
            name = line[1:]
            answers.setdefault(name, [])
        else:
            answers.setdefault(name, []).append(line)
    return {name: "\n".join(lines).strip() for name, lines in answers.items()}, done.stdout + done.stderr


def census_of(text):
    return {match[2]: int(match[1]) for match in re.finditer(r"^ *(\d+) +\d+  (\S+)$", text, re.M)}


def expect(condition, what, answers):
    if not condition:
        for name, answer in answers.items():
            print(f"@{name}\n{answer}")
        sys.exit(f"gdb_test: {what}")


def compare(answers, program_text):
    """Holds gdb's answers to the facts that the program printed."""
    facts = [line.split() for line in program_text.splitlines()]
    census = {fact[1]: int(fact[2]) for fact in facts if fact[:1] == ["census"]}
    objects = {fact[1]: fact[2:] for fact in facts if fact[:1] == ["object"]}
    referrers = {fact[1]: int(fact[2]) for fact in facts if fact[:1] == ["referrers"]}
    expect(census and len(objects) == 4 and len(referrers) == 4, "the program did not tell its facts", answers)

    total = sum(census.values())
    for question in ("ouro census", "ouro census heap"):
        found = census_of(answers[question])
        expect(found == census | {"total": total}, f"{question}: {found}, not {census}", answers)
    expect(f'"looked at": {total} objects' in answers["ouro heaps"], "ouro heaps has another sum", answers)

    for name, (address, kind, count) in objects.items():
        if name in ("first", "shared", "the_team"):
            expect(answers[f"ouro object {name}"].startswith(f"{kind} {address} (count {count}, "),
                   f"{name} is another object", answers)
        lines = answers[f"ouro referrers {name}"].splitlines()
        # a referrer may have several references, each with a line of its own; those that hold nothing do not count
        owners = {line.split()[1] for line in lines if "  ." in line and "(borrowed)" not in line}
        expect(len(owners) == referrers[name], f"{name} has {referrers[name]} referrers, not {owners}", answers)

    address, kind, _ = objects["shared"]
    team = answers["ouro object the_team"]
    for label in (".members[0]", ".members[4]", ".captain"):
        expect(f"{label} -> {kind} {address} " in team, f"the team's {label} is missing", answers)
    expect(f".rival (borrowed) -> node {objects['first'][0]} " in team, "the borrowed pointer is missing", answers)
    shared = answers["ouro referrers shared"]
    expect(shared.count(".members[") == 5 and "8 of 8 references" in shared, "the vector's items are missing", answers)
    expect(".cells[19999] -> row " in answers["ouro object large_row"], "the large object's last item is missing", answers)
    expect("3 bytes behind its beginning" in answers["ouro object (char *)the_row + 3"],
           "an address inside an object does not find it", answers)
    first = answers["print first"]
    expect(re.search(r"= node 0x\w+ \(count 2, \w+.*\) = {left = NULL, right = 0x\w+ <node>, number = 0}", first),
           "the pretty printer says something else", answers)
    expect("left = NULL" in answers["print *first"] or "left = 0x0" in answers["print *first"],
           "a struct is not printed", answers)
    expect("members[0] = 0x" in answers["print (void *)the_team"], "a pointer without type has no fields", answers)
    expect("point 0x" in answers["print lonely"] and "immortal" in answers["print lonely"] and
           "x = 1.5" in answers["print lonely"], "the immortal object is printed otherwise", answers)
    expect("no object lives at 0x10" in answers["ouro object 16"], "a wild address is no error", answers)


def main():
    gdb, script, *programs = sys.argv[1:]
    if shutil.which(gdb) is None:
        print("gdb is not installed")
        return 77
    works, text = run_gdb(gdb, [], ["python print('has', 'python')"])
    if "has python" not in text:
        print("this gdb has no Python")
        return 77
    plain, text = run_gdb(gdb, [gdb], [f"source {script}", "ouro heaps", "print (void *)0x7ffff4a00008"])
    expect("no libouro" in plain["ouro heaps"] and "= (void *) 0x7ffff4a00008" in plain["print (void *)0x7ffff4a00008"],
           "a program without ouro is not left alone", plain)
    for program in programs:
        with tempfile.TemporaryDirectory() as folder:
            core = Path(folder) / "core"
            live, text = run_gdb(gdb, [program], [
                f"source {script}", "set confirm off", "break stop_here", f"run {NODES}", "up", *QUESTIONS,
                f"generate-core-file {core}", "kill"])
            if "ptrace: Operation not permitted" in text or "Could not trace the inferior" in text:
                print("gdb may not trace here")
                return 77
            facts = live.get(f"run {NODES}", "")
            expect("ouro census" in live, f"gdb stopped early:\n{text}", live)
            compare(live, facts)
            dead, text = run_gdb(gdb, [program, str(core)], [f"source {script}", "up", *QUESTIONS])
            expect("ouro census" in dead, f"gdb did not read the core file:\n{text}", dead)
            compare(dead, facts)
            print(f"{Path(program).name}: alive and in a core file, {NODES} nodes: equal")
    return 0


if __name__ == "__main__":
    sys.exit(main())
