#!/usr/bin/python3
"""mutate.py -- plants faults in the library, one at a time, and sees whether a test notices

usage: mutate.py [--build build/test] [--work build/mutation] [--sample N] [--seed S] [--jobs J]
                 [--minutes M] [--only TEXT] [--names FILE] [--tests NAME,...] [--list]
                 [PATH...]

Files or folders below src/ are named; without any, those of the collector, life, weak references and
finalizers.  The library with one mutant (mutants.py) is compiled as a shared library, of which only the
changed file is compiled again; the test programs are those of the build folder, linked with it
once.  They run until the first one fails: what noticed this mutant in the last run, what noticed others in its
function, and then those that have found most per second.  A program that never enters the function (reach.c)
does not run for it, and neither does one that fails without a mutant, which is told.  A test that takes several
times the processor time that it takes otherwise has noticed, too.

The clock on the wall decides nothing, as a process may be stopped, or wait for a processor, for any time.  A
test that fails while the clock has gone on several seconds longer than it has worked may have been ended by a
timer of its own: it is tried again, and so is one that is not over after a long time, which is ended.  What only
such runs have noticed is not decided: it is told apart, and counts as not noticed.  A test that waits for ever,
as in a deadlock, has noticed when that was seen twice: all its threads were asleep for seconds, and none was
switched to (asleep.py).

A mutant that compiles to the same code as the original is none.  What survives must stand in
survivors.txt beside this file, with the reason why it is equivalent.  Two figures are told: how many of all are
noticed, and how many of those that are not equivalent, which must be 95 of 100; else the exit status is 1.
Without --sample all mutants are tried, which takes hours.  What is compiled, how long each test takes, what it enters
and what noticed which mutant stays in the work folder for the next run.

--names tries the mutants that are named in a file, one a line, and no others: survivors.txt, for instance.

--tests runs only programs whose names contain one of these.

python3-clang is Debian's package for Debian's Python, so this does not run in any other.
"""
import argparse
import hashlib
import json
import os
import pathlib
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import asleep
import reach

try:
    from mutants import mutants_of
except ImportError:
    print("SKIPPED: python3-clang is not installed (apt-get install python3-clang)")
    sys.exit(77)

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
ROOMS = ["src/collector", "src/life", "src/weakref", "src/finalizer"]
LANGUAGE = ["-std=c11", "-DOURO_DEBUG=1", "-D_GNU_SOURCE", f"-I{ROOT}/include", f"-I{ROOT}/src"]
COMPILE = ["-O2", "-fPIC", "-w", *LANGUAGE]
MEMORY = 12 << 30  # a fault may ask for any amount; reservations count, too
REQUIRED = 95      # of 100
TRIALS = 3         # of a test that only a clock has ended
LOOK = 0.5         # seconds between two looks at a test that runs
BLOCKED = 8        # looks at which it slept; the shortest timer of a test is longer than so many take
LATE = 5           # seconds of no work; no timer of a test is shorter
LONGEST = 20       # times the processor time that a test may take
ARGUMENTS = {"test_fuzz_replay": [ROOT / "tests" / "fuzz" / "corpus"]}
# The programs, with how much they do where they can do more or less.  A program that several patterns fit
# belongs to the first; those that are named twice run at two scales, of which the longer makes sure of the rest.
TESTS = [
    ("model_steps", {"OURO_TEST_SCALE": "2"}), ("unit_step*", {"OURO_TEST_SCALE": "10"}),
    ("unit_bounded_death", {"OURO_TEST_SCALE": "10"}), ("unit_*", {}),
    ("conformance_*", {}), ("contract_*", {}), ("model_counts", {}),
    ("model_operations", {"OURO_TEST_SCALE": "1"}), ("model_exhaustive", {"OURO_TEST_SCALE": "5"}),
    ("torture_often", {"OURO_TEST_SCALE": "10"}), ("torture_deep", {"OURO_TEST_SCALE": "5"}),
    ("fuzz_replay", {}), ("torture_refusal", {}), ("model_steps", {"OURO_TEST_SCALE": "12"}),
]


def run(command, **options):
    """Runs what must succeed."""
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if result.returncode != 0:
        sys.exit(f"mutate.py: {' '.join(map(str, command))[:200]}\n{result.stdout}{result.stderr}")
    return result.stdout


class Test:
    """One test program, its amount, and how well it does."""

    def __init__(self, program, environment):
        self.program = program
        self.environment = {**os.environ, "OURO_TEST_SEED": "11", "OURO_TEST_BRIEF": "1",
                            "CMOCKA_TEST_ABORT": "1", **environment}
        self.processor = 0.0  # seconds, without a mutant
        self.avoided = set()  # functions that it never enters
        self.is_measured = False
        self.is_left_out = False
        self.lock = threading.Lock()
        self.kills = 0
        self.spent = 0.001

    @property
    def name(self):
        """The program, and its scale."""
        scale = self.environment.get("OURO_TEST_SCALE", "")
        return f"{self.program.name}{'@' if scale else ''}{scale}"

    def run(self, library, environment=None):
        """The processor time when it passes with the library of a folder, or None."""
        end, seconds = self.run_within(600, library, environment)
        return seconds if end == "passes" else None

    def notices(self, library):
        """Whether it notices what is in the library of a folder; None when that is not decided."""
        ends = []
        while len(ends) < TRIALS:
            end, seconds = self.run_within(int(self.processor * 6) + 2, library)
            self.spent += seconds
            if end in ("passes", "fails"):
                return end == "fails"
            ends.append(end)
            if ends.count("blocked") == 2:
                return True
        return None

    def run_within(self, limit, library, environment=None):
        """How it ends that may work for so many seconds: `passes`, `fails`, `blocked` or `late`; and how long it does."""

        def bound():
            os.setsid()
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        child = subprocess.Popen([self.program, *ARGUMENTS.get(self.program.name, [])], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 preexec_fn=bound,  # pylint: disable=subprocess-popen-preexec-fn
                                 env={**self.environment, **(environment or {}), "LD_LIBRARY_PATH": str(library)})
        begin, over, seen = time.monotonic(), threading.Event(), []
        watcher = threading.Thread(target=watch, args=[child.pid, LONGEST * limit, over, seen])
        watcher.start()
        _, status, used = os.wait4(child.pid, 0)
        passed = time.monotonic() - begin
        over.set()
        watcher.join()
        child.returncode = os.waitstatus_to_exitcode(status)
        kill_all_of(child.pid)  # what it has left behind
        seconds = used.ru_utime + used.ru_stime
        if child.returncode == 0:
            return "passes", seconds
        if seconds < limit and (seen or passed - seconds > LATE):
            return seen[0] if seen else "late", seconds
        return "fails", seconds

    def recall(self, measured):
        """What was measured, perhaps of an older build, which is as good to choose by."""
        if self.name in measured:
            _, self.processor, avoided = measured[self.name]
            self.avoided = set(avoided) if self.is_measured else set()

    def may_notice(self, function):
        """Whether it enters a function, as far as is known."""
        return not self.is_left_out and function not in self.avoided


def kill_all_of(group):
    """Ends what is left of a test."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def watch(session, longest, over, seen):
    """Ends a test that waits for ever, or takes very long; `seen` tells which."""
    end, watched = time.monotonic() + longest, asleep.Watch(session)
    while not seen and not over.wait(LOOK):
        if watched.look() >= BLOCKED:
            seen.append("blocked")
        elif time.monotonic() > end:
            seen.append("late")
    if seen:
        kill_all_of(session)


class Bench:
    """The build that mutants are planted in."""

    def __init__(self, build, work, wanted):
        self.build = build
        self.wanted = wanted.split(",")
        self.lately = {}  # for each function, the tests that have noticed something in it last
        self.noticed = read_json(work / "noticed.json")  # for each mutant, what has noticed it in earlier runs
        self.work = work
        for mutant in work.glob("mutant*"):
            shutil.rmtree(mutant)
        for folder in ("objects", "library", "tests"):
            (work / folder).mkdir(parents=True, exist_ok=True)
        self.sources = sorted(path.relative_to(ROOT) for path in (ROOT / "src").rglob("*.c")
                              if path.name not in guarded_files())
        self.compile_all()
        self.link(work / "library", {})
        self.library = (work / "library" / "libouro_mutant.so").read_bytes()
        reach.build(ROOT, self.sources, LANGUAGE, work / "reach", hashlib.sha256(self.library).hexdigest())
        self.measured = read_json(work / "measured.json")
        self.tests = self.link_tests()
        for test in self.tests:
            test.recall(self.measured)

    def object_of(self, source):
        """Where the object of an unchanged source is."""
        return self.work / "objects" / str(source).replace("/", "_").replace(".c", ".o")

    def compile_all(self):
        """Compiles the library, but for what the last run left and nobody has changed since."""
        headers = hashlib.sha256(repr(COMPILE).encode())
        for header in sorted([*(ROOT / "src").rglob("*.h"), *(ROOT / "include").rglob("*.h")]):
            headers.update(header.read_bytes())
        for source in self.sources:
            out = self.object_of(source)
            key = hashlib.sha256(headers.digest() + (ROOT / source).read_bytes()).hexdigest()
            mark = out.with_suffix(".key")
            if out.exists() and mark.exists() and mark.read_text() == key:
                continue
            mark.unlink(missing_ok=True)
            run(["gcc", *COMPILE, "-c", ROOT / source, "-o", out])
            mark.write_text(key)

    def link(self, folder, changed):
        """Links the library of a folder, with other objects for some sources."""
        objects = [changed.get(source, self.object_of(source)) for source in self.sources]
        run(["gcc", "-shared", "-Wl,-soname,libouro_mutant.so", "-o", folder / "libouro_mutant.so", *objects, "-pthread"])

    def link_tests(self):
        """Links the test programs of the build folder with the shared library."""
        tests, linked = [], {}
        for program, environment in self.programs():
            if program not in linked:
                linked[program] = self.link_test(program)
            tests.append(Test(linked[program], environment))
        return tests

    def programs(self):
        """The test programs that are wanted, each with its environment."""
        claimed = {}
        for pattern, environment in TESTS:
            for program in sorted(self.build.glob(f"tests/*/test_{pattern}")):
                if claimed.setdefault(program, pattern) == pattern and \
                        any(part in program.name for part in self.wanted):
                    yield program, environment

    def link_test(self, program):
        """As its own build links it, but for the library and the place; if it was not linked since it was built."""
        place = self.work / "tests" / program.name
        if place.exists() and place.stat().st_mtime > program.stat().st_mtime:
            return place
        commands = run(["ninja", "-C", self.build, "-t", "commands", program.relative_to(self.build)])
        line = [line for line in commands.splitlines() if f"-o {program.relative_to(self.build)}" in line]
        command = line[-1].removeprefix(": && ").removesuffix(" && :")
        words = [word for word in command.split() if not word.endswith("src/libouro.a")]
        words[words.index("-o") + 1] = str(place)
        library = self.work / "library" / "libouro_mutant.so"
        run([*words, str(library)], cwd=self.build)
        return place

    def measure(self, test):
        """Without a mutant it must pass: how long that takes, and what it avoids.  Only when it is needed first."""
        # one that tells frames of the stack apart may not, in a library that is compiled otherwise than in its build
        with test.lock:
            if test.is_measured:
                return
            key = hashlib.sha256(self.library + test.program.read_bytes() + test.name.encode()).hexdigest()
            if self.measured.get(test.name, [None])[0] != key:
                seconds = test.run(self.work / "library")
                if seconds is None:
                    print(f"left out: {test.name}, which fails without a mutant", flush=True)
                    test.is_left_out = test.is_measured = True
                    return
                avoided = reach.avoided_by(lambda more: test.run(self.work / "reach", environment=more),
                                           self.work / "reach")
                self.measured[test.name] = [key, seconds, avoided]
                write_json(self.work / "measured.json", self.measured)
            test.is_measured = True
            test.recall(self.measured)

    def plant(self, mutant, folder):
        """Builds a mutant: `invalid` when it does not compile, `same` when it is the same code."""
        text = (ROOT / mutant.path).read_text()
        source, out = folder / pathlib.Path(mutant.path).name, folder / "mutant.o"
        source.write_text(text[:mutant.begin] + mutant.new + text[mutant.end:])
        command = ["gcc", *COMPILE, f"-ffile-prefix-map={source}={ROOT / mutant.path}",
                   f"-I{(ROOT / mutant.path).parent}", "-c", source, "-o", out]
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return "invalid"
        if out.read_bytes() == self.object_of(pathlib.Path(mutant.path)).read_bytes():
            return "same"
        self.link(folder, {pathlib.Path(mutant.path): out})
        return "planted"

    def judge(self, mutant, folder):
        """The test that notices a mutant, `invalid`, `same`, `hint`, `undecided`, or nothing."""
        if mutant.hint:
            return "hint"
        built = self.plant(mutant, folder)
        if built != "planted":
            return built
        function = mutant.name.split(":")[0]
        lately = self.lately.setdefault(function, [])
        before, undecided = self.noticed.get(mutant.name), None
        for test in sorted(self.tests, key=lambda test: (test.name != before, test not in lately,
                                                         -test.kills / test.spent, test.processor)):
            self.measure(test)
            if not test.may_notice(function.split()[1]):
                continue
            notices = test.notices(folder)
            if notices:
                test.kills += 1
                lately[:] = [test, *lately[:1]]
                self.noticed[mutant.name] = test.name
                return test.name
            if notices is None:
                undecided = "undecided"
        return undecided


def read_json(path):
    """What a file of an earlier run holds; nothing when there is none."""
    return json.loads(path.read_text()) if path.exists() else {}


def write_json(path, what):
    """As a whole: a run that is ended in between leaves what was there."""
    part = path.with_suffix(f".part{threading.get_ident()}")
    part.write_text(json.dumps(what, indent=1))
    part.replace(path)


def guarded_files():
    """Files that the ordinary library does not have."""
    rooms = (ROOT / "src" / "CMakeLists.txt").read_text()
    rooms = re.sub(r"#.*", "", rooms)
    return {name for match in re.findall(r"\bGUARDED ([^)]*)\)", rooms) for name in match.split()}


def names_in(path):
    """What a file names: a mutant by its name, or by `FILE FUNCTION: *` all of a function."""
    lines = path.read_text().splitlines()
    return {line.strip() for line in lines if line and line[0] not in "# "}


def is_in(names, name):
    """Whether a mutant is named, by itself or with its function."""
    return name in names or name.split(": ")[0] + ": *" in names


def choose(arguments):
    """The mutants of this run."""
    places = [ROOT / place for place in arguments.paths or ROOMS]
    files = [file for place in places for file in (sorted(place.rglob("*.c")) if place.is_dir() else [place])
             if file.name not in guarded_files()]
    mutants = []
    for file in files:
        mutants += mutants_of(ROOT, str(file.relative_to(ROOT)), LANGUAGE)
    if arguments.names:
        names = names_in(arguments.names)
        mutants = [mutant for mutant in mutants if is_in(names, mutant.name)]
    mutants = [mutant for mutant in mutants if arguments.only in mutant.name]
    total = len(mutants)
    if arguments.sample and arguments.sample < total:
        mutants = random.Random(arguments.seed).sample(mutants, arguments.sample)
    return mutants, total


def share(part, whole):
    """Of 100."""
    return f"{100 * part / whole if whole else 100:.1f}"


def report(results, total, of_seed):
    """Prints the sums; true when all is as it must be."""
    count = {verdict: sum(by == verdict for by in results.values()) for verdict in ("invalid", "same", "hint")}
    judged = {name: by for name, by in results.items() if by not in ("same", "invalid")}
    survivors = sorted(name for name, by in judged.items() if by in (None, "undecided"))
    noticed = len(judged) - len(survivors) - count["hint"]
    known = names_in(HERE / "survivors.txt")
    unknown = [name for name in survivors if not is_in(known, name)]
    explained, undecided = len(survivors) - len(unknown), sum(judged[name] is not None for name in unknown)
    print(f"{total} mutants in all, {len(results)} tried{of_seed}: {count['invalid']} do not compile, "
          f"{count['same']} are the same code")
    print(f"covered: {len(judged)} mutants of the library\ncovered: {noticed} mutants noticed by a test")
    print(f"{count['hint']} are hints to the processor, {explained} are equivalent as survivors.txt explains, "
          f"{len(unknown) - undecided} are unexplained, {undecided} are not decided")
    print(f"noticed: {share(noticed, len(judged))} of 100; without hints and those that are explained, "
          f"{share(noticed, noticed + len(unknown))}")
    for name in unknown:
        print(f"{'survives' if judged[name] is None else 'not decided'}: {name}")
    for name in sorted(known):
        if judged.get(name) not in (None, "hint", "undecided"):
            print(f"noticed after all, by {judged[name]}: {name}")
    return not unknown or 100 * noticed >= REQUIRED * (noticed + len(unknown))


def main():
    """Tries the mutants one after the other, or several at a time."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "test")
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build" / "mutation")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.randrange(1, 100000))
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--names", type=pathlib.Path)
    parser.add_argument("--tests", default="")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("paths", nargs="*", metavar="PATH")
    arguments = parser.parse_args()
    mutants, total = choose(arguments)
    if arguments.list:
        for mutant in mutants:
            print(f"{mutant.line}: {mutant.name}")
        return 0
    bench = Bench(arguments.build.resolve(), arguments.work.resolve(), arguments.tests)
    end = time.monotonic() + arguments.minutes * 60 if arguments.minutes else float("inf")
    results, lock = {}, threading.Lock()

    def try_one(number):
        if time.monotonic() > end:
            return
        mutant = mutants[number]
        folder = bench.work / f"mutant{number}"
        folder.mkdir()
        by = bench.judge(mutant, folder)
        shutil.rmtree(folder)
        with lock:
            results[mutant.name] = by
            if by in (None, "undecided"):
                print(f"{len(results)}/{len(mutants)} {by or 'survives'}: {mutant.line}: {mutant.name}", flush=True)
            write_json(bench.work / "results.json", results)
            write_json(bench.work / "noticed.json", bench.noticed)

    with ThreadPoolExecutor(arguments.jobs) as pool:
        list(pool.map(try_one, range(len(mutants))))
    of_seed = f" of --seed {arguments.seed}" if arguments.sample else ""
    return 0 if report(results, total, of_seed) else 1


if __name__ == "__main__":
    sys.exit(main())
