# SPDX-License-Identifier: MIT
"""The systems under test: how each is built, started and named.

Every program in C or C++ is built with the same FLAGS.  To add a system, write
its program in bench/systems and add an entry to all_systems().
"""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
SYSTEMS = BENCH / "systems"
BUILD = ROOT / "build" / "bench"

# -fno-plt: a shared library's functions are called as directly as can be.
FLAGS = ["-O2", "-g", "-fno-plt", "-Wall", "-Wextra"]
C = ["cc", "-std=gnu11", "-D_GNU_SOURCE", *FLAGS]
CXX = ["c++", "-std=c++17", *FLAGS]
DEBIAN_PYTHON = "/usr/bin/python3"

# Nothing of a user's settings (allocators, Python, preloaded libraries) may
# change what is measured.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PYTHONPATH": str(BUILD),
               "PYTHONDONTWRITEBYTECODE": "1"}


class CannotBuild(Exception):
    """A system's source did not compile although what it needs is here."""


@dataclass
class System:
    name: str
    source: str
    package: str = ""               # where its header comes from, for who lacks it
    header: str = ""                # needed to build it; "": nothing but the compiler
    compile: list = field(default_factory=lambda: list(C))
    link: list = field(default_factory=lambda: [[]])  # ways to link, best first
    output: str = ""                # file name of what is built; "": its name
    start: list = None              # command line; None: what was built
    floor: str = ""                 # source of a program of its own for `floor`
    without: frozenset = frozenset()  # workloads of its program that are not run
    needs_file: Path = None         # a file that must exist, such as our own library
    version: str = ""

    @property
    def program(self):
        """Where its build is put."""
        return BUILD / (self.output or self.name)

    def runs(self, workload):
        return workload not in self.without

    @property
    def floor_program(self):
        return BUILD / f"{self.name}-floor"

    def command(self, *arguments):
        """The command line for these arguments, of which the first is the workload."""
        program = self.floor_program if self.floor and arguments[0] == "floor" else self.program
        return [*(self.start or [str(program)]), *arguments]

    def missing(self):
        """Why this machine cannot have the system, or None."""
        if self.needs_file and not self.needs_file.exists():
            return f"{self.needs_file.relative_to(ROOT)} is not there: make release"
        if shutil.which(self.compile[0]) is None:
            return f"no {self.compile[0]}: apt install " + (
                "g++" if self.compile[0] == "c++" else "gcc")
        if self.header and not self._has_header():
            return f"no {self.header}: apt install {self.package}"
        return None

    def _has_header(self):
        language = "c++" if self.compile[0] == "c++" else "c"
        check = [*self.compile, "-x", language, "-E", "-", "-o", "/dev/null"]
        text = f"#include <{self.header}>\n"
        return subprocess.run(check, input=text, text=True, stderr=subprocess.DEVNULL,
                              check=False).returncode == 0

    def prepare(self):
        """Builds it, if it is to be built, and asks it for its version."""
        if self.source:
            self._build(self.source, self.program)
        if self.floor:
            self._build(self.floor, self.floor_program)
        result = subprocess.run(self.command("version"), capture_output=True, text=True,
                                env=ENVIRONMENT, check=True)
        self.version = result.stdout.strip()

    def _build(self, source, program):
        """Compiles in the first way of linking that works."""
        for way in self.link:
            command = [*self.compile, str(SYSTEMS / source), "-o", str(program), *way, "-pthread"]
            result = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
            if result.returncode == 0:
                return
        raise CannotBuild(f"{source}: {' '.join(command)}\n{result.stderr}")


def _by_hand(name, macro, package, header, link):
    return System(name, "c_by_hand.c", package, header, [*C, f"-D{macro}"], link,
                  without=frozenset({"refs"}))


def _static_or_shared(library, *more):
    """Linked statically an allocator is called without detours; ours is linked so too."""
    return [["-Wl,-Bstatic", f"-l{library}", "-Wl,-Bdynamic", *more], [f"-l{library}"]]


def _ours():
    library = ROOT / "build" / "release"
    found = sorted(library.rglob("libouro.a"))
    archive = found[0] if found else library / "libouro.a"
    return System("ouro", "ouro.c", compile=[*C, f"-I{ROOT / 'include'}"], link=[[str(archive)]],
                  floor="ouro_floor.c", needs_file=archive)


def _interpreters():
    """Entries for Debian's CPython, none if there is none."""
    ask = ("import sys, sysconfig; "
           "print('%d.%d' % sys.version_info[:2], sysconfig.get_path('include'))")
    try:
        answer = subprocess.run([DEBIAN_PYTHON, "-c", ask], capture_output=True, text=True,
                                check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return []
    version, include = answer
    return [
        System(f"cpython-{version}", "cpython_node.c", "python3-dev", "Python.h",
               [*C, "-fPIC", "-shared", f"-isystem{include}"], output="bench_node.so",
               start=[DEBIAN_PYTHON, str(SYSTEMS / "cpython_node.py")],
               without=frozenset({"instructions"})),
        System(f"cpython-{version}-python", "",
               start=[DEBIAN_PYTHON, str(SYSTEMS / "cpython.py")],
               without=frozenset({"instructions"})),
    ]


def all_systems():
    """Every system that there is a program for, ours first."""
    return [
        _ours(),
        System("c-plain", "c_by_hand.c", compile=[*C, "-DALLOCATOR_PLAIN"],
               without=frozenset({"memory"})),
        _by_hand("c-glibc", "ALLOCATOR_GLIBC", "libc6-dev", "gnu/libc-version.h", [[]]),
        _by_hand("c-mimalloc", "ALLOCATOR_MIMALLOC", "libmimalloc-dev", "mimalloc.h",
                 [["-lmimalloc"]]),
        _by_hand("c-jemalloc", "ALLOCATOR_JEMALLOC", "libjemalloc-dev", "jemalloc/jemalloc.h",
                 _static_or_shared("jemalloc", "-lstdc++", "-lm")),
        _by_hand("c-tcmalloc", "ALLOCATOR_TCMALLOC", "libgoogle-perftools-dev",
                 "gperftools/tcmalloc.h",
                 _static_or_shared("tcmalloc_minimal", "-lstdc++", "-lm")),
        System("boehm", "boehm.c", "libgc-dev", "gc/gc.h", link=[["-lgc"]],
               floor="boehm_floor.c"),
        System("shared_ptr", "shared_ptr.cpp", "g++", "memory", list(CXX)),
        *_interpreters(),
    ]


def prepare(say):
    """Builds what can be had; returns the systems.  `say` hears of each that is skipped."""
    BUILD.mkdir(parents=True, exist_ok=True)
    ready = []
    for system in all_systems():
        reason = system.missing()
        if reason:
            say(f"skipped {system.name}: {reason}")
        else:
            ready.append(system)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(System.prepare, ready):
            pass
    return ready
