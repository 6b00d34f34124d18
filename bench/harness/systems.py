# SPDX-License-Identifier: MIT
"""The systems under test: how each is built, started and named.

Every program in C or C++ is built with the same FLAGS.  To add a system, write
its program in bench/systems and add an entry to all_systems().  Systems that are
optional, those with a compiler or a runtime of their own, are in languages.py.
"""

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import languages

BENCH = Path(__file__).resolve().parent.parent
ROOT = BENCH.parent
SYSTEMS = BENCH / "systems"
BUILD = ROOT / "build" / "bench"

# -fno-plt: a shared library's functions are called as directly as can be.
FLAGS = ["-O2", "-g", "-fno-plt", "-Wall", "-Wextra"]
C = ["cc", "-std=gnu11", "-D_GNU_SOURCE", f"-I{ROOT / 'include'}", *FLAGS]
CXX = ["c++", "-std=c++17", *FLAGS]
DEBIAN_PYTHON = "/usr/bin/python3"

# What reads packages for the workload `real`: parts of the `ouro` command, compiled once.
READER_SOURCES = [ROOT / "command" / name
                  for name in ("control.c", "name_table.c", "packages_fallback.c")]
READER = BUILD / "reader.o"

# Nothing of a user's settings (allocators, Python, preloaded libraries) may
# change what is measured.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "PYTHONDONTWRITEBYTECODE": "1"}


# Compilers may keep things below a home, which is ours.
BUILD_ENVIRONMENT = {**os.environ, "HOME": str(BUILD / "home")}


class CannotBuild(Exception):
    """A system's source did not compile although what it needs is here."""


def _said_by(command):
    """What a command that failed said, or ""."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=BUILD_ENVIRONMENT, check=False)
    return "" if done.returncode == 0 else f"{' '.join(command)}\n{done.stdout}"


def _newest_source():
    """When anything that a program is built from was changed last."""
    folders = [SYSTEMS, BENCH / "support", BENCH / "workloads", ROOT / "include", ROOT / "command"]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return max(path.stat().st_mtime for path in [*files, *_archives()])


def _archives():
    """Our library, if it is built."""
    return sorted((ROOT / "build" / "release").rglob("libouro.a"))


def _build(program, ways):
    """Runs the first of several command lines that works, unless the program is there already,
    built by one of them and newer than every source."""
    stamp = program.with_name(program.name + ".built-by")
    texts = [" ".join(command) for command in ways]
    if (program.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") in texts
            and stamp.stat().st_mtime > _newest_source()):
        return
    for command, text in zip(ways, texts):
        said = _said_by(command)
        if not said:
            stamp.write_text(text, encoding="utf-8")
            return
    raise CannotBuild(said)


@dataclass
class System:
    name: str
    source: str                     # in systems/; "": nothing to build
    package: str = ""               # where its header comes from, for who lacks it
    header: str = ""                # needed to build it; "": nothing but the compiler
    compile: list = field(default_factory=lambda: list(C))
    more: tuple = ()                # further sources or objects
    link: list = field(default_factory=lambda: [[]])  # ways to link, best first
    recipe: list = None             # another compiler's command line: {source}, {program}
    output: str = ""                # file name of what is built; "": its name
    start: list = None              # command line; None: what was built
    floor: str = ""                 # source of a program of its own for `floor`
    without: frozenset = frozenset()  # workloads of its program that are not run
    optional: bool = False          # run on request only
    needs_command: str = ""         # "": the first word of how it is built or started
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
        command = self.needs_command or (self.recipe or self.start or self.compile)[0]
        if shutil.which(command) is None:
            return f"no {command}: apt install {self.package or 'gcc'}"
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
        if self.recipe:
            places = {"source": str(SYSTEMS / self.source), "program": str(self.program)}
            _build(self.program, [[part.format(**places) for part in self.recipe]])
        elif self.source:
            self._build_c([self.source, *self.more], self.program)
        if self.floor:
            self._build_c([self.floor], self.floor_program)
        result = subprocess.run(self.command("version"), capture_output=True, text=True,
                                env=ENVIRONMENT, check=True)
        self.version = result.stdout.strip()

    def _build_c(self, sources, program):
        """Compiles in the first way of linking that works."""
        parts = [str(SYSTEMS / source) for source in sources]
        _build(program, [[*self.compile, *parts, "-o", str(program), *way, "-pthread"]
                         for way in self.link])


def _by_hand(name, macro, package, header, link):
    return System(name, "c_by_hand.c", package, header, [*C, f"-D{macro}"], (READER,), link,
                  without=frozenset({"refs"}))


def _static_or_shared(library, *more):
    """Linked statically an allocator is called without detours; ours is linked so too."""
    return [["-Wl,-Bstatic", f"-l{library}", "-Wl,-Bdynamic", *more], [f"-l{library}"]]


def _ours():
    archive = (_archives() or [ROOT / "build" / "release" / "libouro.a"])[0]
    return System("ouro", "ouro.c", more=(READER,), link=[[str(archive)]], floor="ouro_floor.c",
                  needs_file=archive)


def _interpreter(python):
    """(version, include folder) of a CPython from 3.8 on that has its headers; else None."""
    ask = ("import sys, sysconfig; "
           "print('%d.%d' % sys.version_info[:2], sysconfig.get_path('include'))")
    try:
        answer = subprocess.run([python, "-c", ask], capture_output=True, text=True,
                                check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        return None
    version, include = answer
    old = [int(part) for part in version.split(".")] < [3, 8]
    return None if old else (version, include)


def _cpython(python, version, include, **more):
    """CPython's memory management called from C."""
    name = f"cpython-{version}"
    return System(name, "cpython_node.c", "python3-dev", "Python.h",
                  [*C, "-fPIC", "-shared", f"-isystem{include}"], (READER,),
                  output=f"{name}/bench_node.so",
                  start=["/usr/bin/env", f"PYTHONPATH={BUILD / name}", python,
                         str(SYSTEMS / "cpython_node.py")],
                  without=frozenset({"instructions"}), **more)


def _other_pythons():
    """Interpreters of other versions: the system's, those built by hand, those of pyenv."""
    places = [*Path("/usr/bin").glob("python3.*"), *Path("/usr/local/bin").glob("python3.*"),
              *Path.home().glob(".pyenv/versions/3.*/bin/python3")]
    return sorted(str(place) for place in places if not place.name.endswith("-config"))


def _interpreters():
    """Debian's CPython, and on request every other version in the usual places."""
    debian = _interpreter(DEBIAN_PYTHON)
    found = []
    if debian:
        found = [_cpython(DEBIAN_PYTHON, *debian),
                 System(f"cpython-{debian[0]}-python", "",
                        start=[DEBIAN_PYTHON, str(SYSTEMS / "cpython.py")],
                        without=frozenset({"instructions"}))]
    known = {debian[0]} if debian else set()
    for python in _other_pythons():
        other = _interpreter(python)
        if other and other[0] not in known:
            known.add(other[0])
            found.append(_cpython(python, *other, optional=True))
    return found


def all_systems():
    """Every system that there is a program for, ours first."""
    return [
        _ours(),
        System("c-plain", "c_by_hand.c", compile=[*C, "-DALLOCATOR_PLAIN"], more=(READER,),
               without=frozenset({"memory"})),
        _by_hand("c-glibc", "ALLOCATOR_GLIBC", "libc6-dev", "gnu/libc-version.h", [[]]),
        _by_hand("c-mimalloc", "ALLOCATOR_MIMALLOC", "libmimalloc-dev", "mimalloc.h",
                 [["-lmimalloc"]]),
        _by_hand("c-jemalloc", "ALLOCATOR_JEMALLOC", "libjemalloc-dev", "jemalloc/jemalloc.h",
                 _static_or_shared("jemalloc", "-lstdc++", "-lm")),
        _by_hand("c-tcmalloc", "ALLOCATOR_TCMALLOC", "libgoogle-perftools-dev",
                 "gperftools/tcmalloc.h",
                 _static_or_shared("tcmalloc_minimal", "-lstdc++", "-lm")),
        System("boehm", "boehm.c", "libgc-dev", "gc/gc.h", more=(READER,), link=[["-lgc"]],
               floor="boehm_floor.c"),
        System("boehm-incremental", "boehm.c", "libgc-dev", "gc/gc.h",
               [*C, "-DBOEHM_INCREMENTAL"], (READER,), [["-lgc"]],
               without=frozenset({"trees", "tree", "list", "table", "bulk", "real"})),
        System("shared_ptr", "shared_ptr.cpp", "g++", "memory", list(CXX)),
        *_interpreters(),
        *languages.systems(System, BUILD, SYSTEMS),
    ]


def _build_reader():
    """Position independent, since modules of interpreters link it too."""
    _build(READER, [[*C, "-fPIC", "-r", "-nostdlib", *map(str, READER_SOURCES),
                     "-o", str(READER)]])


def _is_chosen(system, peers, named):
    """Whether a run has the system: an optional one only where it was asked for."""
    if named:
        return system.name in named
    return not system.optional or "all" in peers or system.name in peers


def prepare(say, peers=(), named=()):
    """Builds what can be had; returns the systems.  `say` hears of each that is skipped.

    `peers` are the optional systems that are wanted, `named` the only ones that are.
    """
    (BUILD / "home").mkdir(parents=True, exist_ok=True)
    ready = []
    for system in all_systems():
        if not _is_chosen(system, peers, named):
            continue
        reason = system.missing()
        if reason:
            say(f"skipped {system.name}: {reason}")
        else:
            system.program.parent.mkdir(parents=True, exist_ok=True)
            ready.append(system)
    _build_reader()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(System.prepare, ready):
            pass
    return ready
