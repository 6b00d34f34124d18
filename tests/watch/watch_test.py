#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Faults inside a heap of the debug build are reported by memcheck and by AddressSanitizer.

usage: watch_test.py memcheck VALGRIND PROGRAM
       watch_test.py asan PROGRAM              (program.c, compiled with AddressSanitizer)

PROGRAM commits the faults that are named to it, each in a function of that name.  "none" commits none and must stay
unreported.  Ends with 77, a skip, where valgrind cannot run.
"""
import os
import re
import signal
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree

# What memcheck calls it, and a pattern of what it says of the address; None: it says nothing of one.
MEMCHECK = {
    "read_after_free": ("InvalidRead", "inside a block of size 56 free'd"),
    "write_after_free": ("InvalidWrite", "inside a block of size 56 free'd"),
    "read_after_collection": ("InvalidRead", "inside a block of size 56 free'd"),
    "read_beyond_object": ("InvalidRead", "1 bytes after a block of size 56 alloc'd"),
    "write_beyond_object": ("InvalidWrite", "1 bytes after a block of size 56 alloc'd"),
    "read_after_raw_free": ("InvalidRead", "50 bytes inside a block of size 100 free'd"),
    "read_beyond_raw": ("InvalidRead", "0 bytes after a block of size 100 alloc'd"),
    "read_before_raw": ("InvalidRead", "1 bytes before a block of size 100 alloc'd"),
    "read_uninitialised_raw": ("UninitCondition", None),
    "lose_object": ("Leak_DefinitelyLost", "56 bytes in 1 blocks"),
    "lose_raw": ("Leak_DefinitelyLost", "77 bytes in 1 blocks"),
}
# What the debug build tells itself, and ends the program, when the heap is closed.
NOTICED = ["write_after_free"]
# AddressSanitizer knows no uninitialised memory and sees no blocks but its own for leaks.
ASAN = [name for name in MEMCHECK if not name.startswith(("read_uninit", "lose"))]


def memcheck_errors(valgrind, program, *faults):
    """Runs faults, one after the other; returns [(kind, functions of the first stack, all text of the error)]."""
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        done = subprocess.run(
            [valgrind, "--quiet", "--num-callers=30", "--leak-check=full", "--xml=yes", f"--xml-file={report.name}",
             program, *faults],
            capture_output=True, text=True, timeout=100, check=False)
        try:
            tree = ElementTree.parse(report.name)
        except ElementTree.ParseError:
            sys.exit(f"watch_test: {faults}: valgrind wrote no report: {done.stdout}{done.stderr}")
    if done.returncode != (-signal.SIGABRT if faults[-1] in NOTICED else 0):
        sys.exit(f"watch_test: {faults} ended with {done.returncode}: {done.stderr}")
    errors = []
    for error in tree.getroot().iter("error"):
        functions = [one.text for one in error.find("stack").iter("fn")]
        errors.append((error.findtext("kind"), functions, " ".join(error.itertext())))
    return errors


def check_memcheck(valgrind, program):
    if subprocess.run([valgrind, "--quiet", "true"], capture_output=True, check=False).returncode != 0:
        print("valgrind does not run here")
        return 77
    errors = memcheck_errors(valgrind, program, *(fault for fault in MEMCHECK if fault not in NOTICED), "none")
    for fault in NOTICED:
        errors += memcheck_errors(valgrind, program, fault)
    for fault, (kind, pattern) in MEMCHECK.items():
        of_it = [error for error in errors if fault in error[1]]
        if not any(found == kind and (pattern is None or pattern in text) for found, _, text in of_it):
            sys.exit(f"watch_test: memcheck does not report {fault}: {errors}")
        if kind.startswith("Leak") and len(of_it) > 1:
            sys.exit(f"watch_test: memcheck reports more than {fault}: {of_it}")
        errors = [error for error in errors if error not in of_it]
        print(f"memcheck: {fault}: {kind}")
    if errors:
        sys.exit(f"watch_test: memcheck reports what is no fault: {errors[0]}")
    return 0


def check_asan(program):
    environment = dict(os.environ, ASAN_OPTIONS="abort_on_error=0:exitcode=23:detect_leaks=0")
    for fault in ["none", *ASAN]:
        done = subprocess.run([program, fault], capture_output=True, text=True, timeout=100, check=False,
                              env=environment)
        if fault == "none":
            if done.returncode != 0:
                sys.exit(f"watch_test: AddressSanitizer reports what is no fault: {done.stderr}")
            continue
        frame = re.search(r"#0 \S+ in (\w+)", done.stderr)
        if done.returncode != 23 or "use-after-poison" not in done.stderr or not frame or frame[1] != fault:
            sys.exit(f"watch_test: AddressSanitizer does not report {fault} ({done.returncode}): {done.stderr}")
        print(f"AddressSanitizer: {fault}: use-after-poison")
    return 0


if __name__ == "__main__":
    sys.exit(check_memcheck(*sys.argv[2:]) if sys.argv[1] == "memcheck" else check_asan(*sys.argv[2:]))
