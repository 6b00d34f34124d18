#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of the `ouro` command, from outside.

    command_test.py PATH_OF_OURO [unittest arguments]

or with the path in the environment variable OURO_COMMAND.
"""

import json
import os
import pty
import random
import re
import select
import subprocess
import sys
import tempfile
import time
import unittest

COMMAND = os.environ.get("OURO_COMMAND", "")

# Small, and with everything that matters: a cycle of two, one of three that goes
# through a virtual package, one that refers to itself, and some that are in none.
SAMPLE = """\
Package: alpha
Status: install ok installed
Architecture: amd64
Section: libs
Version: 1:2.3-4
Depends: beta (>= 1.0), shared-text
Description: the first of two
 that need each other

Package: beta
Status: install ok installed
Architecture: amd64
Section: libs
Version: 1.0
Pre-Depends: alpha

Package: shared-text
Architecture: all
Depends: absent | also-absent

Package: mailer
Architecture: amd64
Provides: mail-agent (= 2), smtp
Recommends: helper:any

Package: helper
Architecture: all
depends: reader
 ,writer

Package: reader
Depends: default-agent | mail-agent

Package: writer

Package: narcissus
Depends: narcissus, narcissus (<< 9)

Package: removed
Status: deinstall ok config-files
Depends: alpha, beta, mailer
"""
SAMPLE_PACKAGES = 8
SAMPLE_VIRTUAL = 2
# alpha-beta, alpha-shared-text, beta-alpha, (mail-agent, smtp)-mailer, mailer-helper,
# helper-reader, helper-writer, reader-mail-agent, narcissus-narcissus
SAMPLE_EDGES = 10


def environment(**changes):
    result = {key: value for key, value in os.environ.items() if not key.startswith("OURO_")}
    for key in ("NO_COLOR", "DPKG_ADMINDIR"):
        result.pop(key, None)
    result.update(changes)
    return result


def run(*arguments, **changes):
    """Runs the command; the result has returncode, stdout and stderr."""
    return subprocess.run(
        [COMMAND, *arguments], env=environment(**changes), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, check=False)


def run_in_terminal(*arguments, **changes):
    """Runs the command with a terminal of its own; returns what it wrote and its status."""
    leader, follower = pty.openpty()
    with subprocess.Popen([COMMAND, *arguments], env=environment(**changes), stdin=follower,
                          stdout=follower, stderr=follower) as process:
        os.close(follower)
        written = b""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if not select.select([leader], [], [], 1)[0]:
                continue
            try:
                some = os.read(leader, 65536)
            except OSError:  # how Linux reports that the other end is closed
                break
            if not some:
                break
            written += some
        os.close(leader)
        return written.decode("utf-8", "replace"), process.wait(timeout=10)


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def file(self, content, name="status"):
        path = os.path.join(self.directory.name, name)
        with open(path, "wb") as file:
            file.write(content if isinstance(content, bytes) else content.encode())
        return path

    def demo_json(self, *arguments, **changes):
        result = run("demo", "--json", *arguments, **changes)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, b"")
        return json.loads(result.stdout)

    def assert_refused(self, content, line, words):
        """The file is bad input: this line, these words, nothing on stdout."""
        path = self.file(content)
        for arguments in (("demo", path), ("demo", "--json", path)):
            result = run(*arguments)
            message = result.stderr.decode()
            self.assertEqual(result.returncode, 2, message)
            self.assertEqual(result.stdout, b"")
            self.assertEqual(message.count("\n"), 1, message)
            place = f"{path}:{line}" if line else path
            self.assertTrue(message.startswith(f"ouro: {place}: "), message)
            self.assertIn(words, message)
            self.assertRegex(message, "[;?]", "it also says what to do")


class Arguments(CommandTest):
    def test_help(self):
        for arguments in (["--help"], ["-h"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 0)
            self.assertIn(b"demo", result.stdout)
            self.assertEqual(result.stderr, b"")

    def test_help_of_demo(self):
        result = run("demo", "--help")
        self.assertEqual(result.returncode, 0)
        for word in (b"--json", b"--only", b"FILE", b"NO_COLOR"):
            self.assertIn(word, result.stdout)

    def test_help_fits_80_columns(self):
        commands = [[], ["demo"], ["report"], ["top"], ["trace"], ["snapshot"]]
        commands += [["snapshot", name] for name in ("info", "census", "sites", "dominators", "paths", "cycles",
                                                     "diff", "export")]
        for words in commands:
            for line in run(*words, "--help").stdout.decode().splitlines():
                self.assertLessEqual(len(line), 80, words)

    def test_version(self):
        result = run("--version")
        self.assertEqual(result.returncode, 0)
        self.assertRegex(result.stdout.decode(), r"\Aouro \d+\.\d+\.\d+\n\Z")

    def test_wrong_arguments(self):
        for arguments in ([], ["nonsense"], ["demo", "--nonsense"], ["demo", "--only"],
                          ["demo", "--only", "5"], ["demo", "--only", "0"],
                          ["demo", "--only", "1x"], ["demo", "--only="], ["demo", "-x"],
                          ["demo", "--json=yes"], ["demo", "a", "b"], ["--nonsense"]):
            result = run(*arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertEqual(result.stdout, b"", arguments)
            self.assertIn(b"ouro", result.stderr, arguments)

    def test_bad_setting_in_the_environment(self):
        result = run("demo", OURO_BYTE_LIMIT="many")
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"OURO_BYTE_LIMIT", result.stderr)

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            result = subprocess.run([COMMAND, "demo", self.file(SAMPLE)], env=environment(),
                                    stdout=full, stderr=subprocess.PIPE, timeout=60, check=False)
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"No space left", result.stderr)


class Json(CommandTest):
    def check_graph(self, answer):
        for key in ("objects", "edges", "freed_by_counting", "freed_by_collector",
                    "alive_after", "bytes_before", "bytes_after"):
            self.assertIsInstance(answer[key], int, key)
            self.assertGreaterEqual(answer[key], 0, key)
        self.assertIsInstance(answer["collect_seconds"], float)
        self.assertGreaterEqual(answer["collect_seconds"], 0)
        self.assertEqual(
            answer["objects"],
            answer["freed_by_counting"] + answer["freed_by_collector"] + answer["alive_after"])
        self.assertEqual(answer["alive_after"], 0)
        self.assertEqual(answer["bytes_after"], 0)
        self.assertGreater(answer["bytes_before"], 0)
        self.assertGreaterEqual(answer["references"], answer["edges"])
        lengths = [cycle["length"] for cycle in answer["largest_cycles"]]
        self.assertEqual(lengths, sorted(lengths, reverse=True))

    def test_sample(self):
        path = self.file(SAMPLE)
        answer = self.demo_json(path)
        self.check_graph(answer)
        self.assertEqual(answer["source"], path)
        self.assertFalse(answer["fallback"])
        self.assertEqual(answer["packages"], SAMPLE_PACKAGES)
        self.assertEqual(answer["packages_not_installed"], 1)
        self.assertEqual(answer["virtual_packages"], SAMPLE_VIRTUAL)
        self.assertEqual(answer["edges"], SAMPLE_EDGES)
        self.assertEqual(answer["names_absent"], 3)
        self.assertEqual(answer["cycles"], 3)
        names = [cycle["names"] for cycle in answer["largest_cycles"]]
        self.assertEqual(names, [["helper", "mail-agent", "mailer", "reader"],
                                 ["alpha", "beta"], ["narcissus"]])
        self.assertEqual(answer["largest_cycles"][0]["way_round"],
                         ["helper", "reader", "mail-agent", "mailer"])
        # What no cycle leads to is freed by counting: the database, and "smtp"
        # with its name.  Everything else is in a cycle or held by one.
        self.assertEqual(answer["freed_by_counting"], 3)

    def test_snapshot_has_names_of_packages(self):
        path = os.path.join(self.directory.name, "packages.snapshot")
        result = run("demo", "--only", "4", "--snapshot", path, self.file(SAMPLE))
        self.assertEqual((result.returncode, result.stderr), (0, b""))
        shown = run("snapshot", "paths", "--type", "package", "--top", "0", path).stdout.decode()
        for name in ("alpha", "helper", "mail-agent"):
            self.assertRegex(shown, rf'package 0x[0-9a-f]+ "{name}"')

    def test_snapshot_that_cannot_be_written(self):
        result = run("demo", "--only", "4", "--snapshot", "/absent/a", self.file(SAMPLE))
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr.decode(),
                         "ouro: /absent/a cannot be written: No such file or directory\n")

    def test_without_cycles_counting_frees_all(self):
        chain = "".join(f"Package: p{i}\nDepends: p{i + 1}\n\n" for i in range(5000))
        answer = self.demo_json(self.file(chain))
        self.check_graph(answer)
        self.assertEqual(answer["freed_by_collector"], 0)
        self.assertEqual(answer["cycles"], 0)

    def test_one_cycle_through_all(self):
        ring = "".join(f"Package: p{i}\nDepends: p{(i + 1) % 5000}\n\n" for i in range(5000))
        answer = self.demo_json(self.file(ring))
        self.check_graph(answer)
        self.assertEqual(answer["freed_by_counting"], 1)
        self.assertEqual(answer["freed_by_collector"], 10000)
        self.assertEqual(answer["largest_cycles"][0]["length"], 5000)

    def test_the_other_questions(self):
        answer = self.demo_json(self.file(SAMPLE))
        self.assertEqual(answer["automatic"]["released"], 2)
        self.assertEqual(answer["automatic"]["alive_after"], 0)
        self.assertEqual([step["count"] for step in answer["counting"]["steps"]], [1, 2, 3, 2, 1])
        self.assertTrue(answer["counting"]["freed_by_last"])
        pools = answer["pools"]
        self.assertEqual([state["alive"] for state in pools["states"]], [0, 1000, 500, 0])
        # a word; in the debug build also a fence
        self.assertIn(pools["block_bytes"] - pools["object_bytes"], (8, 16))
        self.assertGreater(pools["malloc_overhead_bytes"], 0)
        self.assertEqual(answer["two_nodes"],
                         {"count_after_drop": 1, "found": 2, "alive_after": 0})

    def test_only(self):
        sections = {"1": "automatic", "2": "counting", "3": "pools", "4": "two_nodes"}
        path = self.file(SAMPLE)
        for number in sections:
            answer = self.demo_json("--only", number, path)
            present = {key for key in sections.values() if key in answer}
            self.assertEqual(present, {sections[number]})
            self.assertEqual("objects" in answer, number == "4")

    def test_random_graphs(self):
        random_numbers = random.Random(8)
        for _ in range(20):
            count = random_numbers.randrange(1, 60)
            stanzas = []
            edges = set()
            for i in range(count):
                targets = [random_numbers.randrange(count)
                           for _ in range(random_numbers.randrange(4))]
                edges.update((i, target) for target in targets)
                depends = ", ".join(f"p{target}" for target in targets)
                stanzas.append(f"Package: p{i}\nDepends: {depends}\n")
            answer = self.demo_json("--only", "4", self.file("\n".join(stanzas)))
            self.check_graph(answer)
            self.assertEqual(answer["edges"], len(edges))
            self.assertEqual(answer["objects"], 1 + 2 * count)
            self.assertEqual(answer["freed_by_collector"],
                             2 * len(reachable_from_cycles(count, edges)))

    def test_file_name_that_is_not_utf8(self):
        path = os.path.join(self.directory.name.encode(), b"na\xefve")
        with open(path, "wb") as file:
            file.write(SAMPLE.encode())
        result = run("demo", "--json", path)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertTrue(json.loads(result.stdout)["source"].endswith("na?ve"))

    def test_settings_in_the_environment(self):
        for setting in ({"OURO_COLLECTOR": "off"}, {"OURO_THRESHOLD": "10,2,2"},
                        {"OURO_DEBUG": "saveall"}):
            self.check_graph(self.demo_json(self.file(SAMPLE), **setting))

    def test_byte_limit(self):
        many = "".join(f"Package: p{i}\nDepends: p{i // 2}\n\n" for i in range(20000))
        result = run("demo", self.file(many), OURO_BYTE_LIMIT="200k")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"limit", result.stderr)


def reachable_from_cycles(count, edges):
    """What the collector must free: the members of cycles and all that they hold."""
    following = {i: [b for a, b in edges if a == i] for i in range(count)}

    def reach(start):
        seen, waiting = set(), list(following[start])
        while waiting:
            at = waiting.pop()
            if at not in seen:
                seen.add(at)
                waiting.extend(following[at])
        return seen

    result = set()
    for i in range(count):
        reached = reach(i)
        if i in reached:
            result |= reached
    return result


class BadInput(CommandTest):
    def test_missing(self):
        path = os.path.join(self.directory.name, "missing")
        result = run("demo", path)
        self.assertEqual(result.returncode, 2)
        self.assertIn(f"ouro: {path}: No such file or directory; ".encode(), result.stderr)
        self.assertEqual(result.stdout, b"")

    def test_directory(self):
        result = run("demo", self.directory.name)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"is a directory; ", result.stderr)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_unreadable(self):
        path = self.file(SAMPLE)
        os.chmod(path, 0)
        result = run("demo", path)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"Permission denied", result.stderr)

    def test_empty(self):
        self.assert_refused("", 1, "holds no package")
        self.assert_refused("\n\n\n", 4, "holds no package")

    def test_no_control_file(self):
        self.assert_refused("hello\n", 1, 'neither a field ("Name: value") nor a continuation')
        self.assert_refused(SAMPLE + "\nhello: \nworld\n", SAMPLE.count("\n") + 3, '"world"')
        self.assert_refused(": value\n", 1, "neither a field")
        self.assert_refused("# comment: none\n", 1, "neither a field")

    def test_continuation_without_field(self):
        self.assert_refused("Package: a\n\n b\n", 3, "a continuation without a field")

    def test_no_package_field(self):
        self.assert_refused("Package: a\n\nVersion: 1\nDepends: a\n\n", 3, "without a Package")

    def test_second_package_field(self):
        self.assert_refused("Package: a\nVersion: 1\nPackage: b\n", 3, "a second Package")

    def test_bad_names(self):
        for name in ("", "../etc", "a b", "-a", "\u00e4", "a\n b"):
            self.assert_refused(f"Package: {name}\n", 1, "not a package name")

    def test_binary(self):
        self.assert_refused("Package: a\nX: \0\n", 2, "byte 0x00 is not text")
        self.assert_refused("Package: a\nX: \x1b[31m\n", 2, "byte 0x1b is not text")
        self.assert_refused(b"\x1f\x8b\x08\x00", 1, "compressed")
        self.assert_refused("Package: a\r\n", 1, "Windows")
        self.assert_refused("Package: a\n\n\x1b]0;title\x07\n", 3, "byte 0x1b")

    def test_quotes_are_safe_on_a_terminal(self):
        self.assert_refused("Package: a\n\nj\u00fcnk \u202e without colon\n", 3, '"j??nk ??? without')

    def test_truncated_anywhere_in_a_line(self):
        lines = 0
        for length in range(1, len(SAMPLE)):
            if SAMPLE[length - 1] == "\n":
                lines += 1
                continue
            if length % 7 == 0:  # each place would take a while
                self.assert_refused(SAMPLE[:length], lines + 1, "it was cut off")

    def test_dependency_fields(self):
        for field, line, words in (
                ("Depends: a b", 2, 'neither "," nor "|" at "b"'),
                ("Depends: a,", 2, 'no package name at "the end"'),
                ("Depends: a,, b", 2, 'no package name at ", b"'),
                ("Depends: | a", 2, "no package name"),
                ("Depends: a (", 2, "no comparison"),
                ("Depends: a (1)", 2, "no comparison"),
                ("Depends: a (>=)", 2, "no version"),
                ("Depends: a (>= )", 2, "no version"),
                ("Depends: a (>= 1", 2, 'without ")" behind it at "the end"'),
                ("Depends: a (>= 1 2)", 2, 'without ")"'),
                ("Depends: a:", 2, "no architecture"),
                ("Depends: a [amd64]", 2, 'neither "," nor'),
                ("Depends: b,\n c,\n d e,\n f", 4, 'at "e,"'),
                ("Pre-Depends: b c", 2, "Pre-Depends: "),
                ("Recommends: b c", 2, "Recommends: "),
                ("Provides: b | c", 2, "makes no sense"),
        ):
            self.assert_refused(f"Package: a\n{field}\n", line, words)

    def test_dependency_fields_of_removed_packages_are_read_too(self):
        self.assert_refused("Package: a\nStatus: deinstall ok config-files\nDepends: (\n", 3,
                            "no package name")

    def test_good_fields(self):
        for field in ("Depends:", "Depends: \n ", "Depends: b", "Depends:b(=1)|c(<<1~rc1),d",
                      "Depends: b:any (>= 1:2+3-4), c:amd64 | d", "Depends:\n b,\n\tc\n"):
            self.demo_json("--only", "4", self.file(f"Package: a\n{field}\n"))

    def test_overlong(self):
        self.assert_refused(b"Package: a\nX: " + b"y" * (3 << 20) + b"\n", 2, "longer than")
        result = run("demo", self.file(b"Package: a\nX: y\n" + b" zzzzzzz\n" * (1 << 18)))
        self.assertEqual(result.returncode, 2)
        self.assertRegex(result.stderr.decode(), r":116511: .* longer than 1024 KiB; ")
        result = run("demo", "/dev/zero")
        self.assertEqual(result.returncode, 2)

    def test_long_but_good(self):
        names = ", ".join(f"p{i}" for i in range(100000))
        answer = self.demo_json("--only", "4", self.file(f"Package: a\nDepends: {names}\n"))
        self.assertEqual(answer["names_absent"], 100000)

    def test_any_bytes(self):
        random_numbers = random.Random(3)
        for _ in range(150):
            content = bytearray(SAMPLE.encode())
            for _ in range(random_numbers.randrange(1, 6)):
                place = random_numbers.randrange(len(content))
                action = random_numbers.randrange(3)
                if action == 0:
                    content[place] = random_numbers.randrange(256)
                elif action == 1:
                    del content[place:place + random_numbers.randrange(1, 40)]
                else:
                    content[place:place] = bytes(random_numbers.choices(
                        b"\n :,|()=<>abc\t\0\xff", k=random_numbers.randrange(1, 6)))
            result = run("demo", "--only", "4", "--json", self.file(bytes(content)))
            self.assertIn(result.returncode, (0, 2), (bytes(content), result.stderr))
            if result.returncode == 0:
                self.assertEqual(json.loads(result.stdout)["alive_after"], 0)
            else:
                self.assertRegex(result.stderr.decode(), r"\Aouro: .*:\d+: .*\n\Z")


class Text(CommandTest):
    def test_plain_when_piped(self):
        result = run("demo", self.file(SAMPLE), TERM="xterm-256color", LANG="C.UTF-8")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, b"")
        self.assertTrue(result.stdout.isascii())
        self.assertNotIn(b"\033", result.stdout)
        self.assertNotIn(b"{", result.stdout)

    def test_fits_80_columns(self):
        for arguments in ([self.file(SAMPLE)], []):
            for line in run("demo", *arguments).stdout.decode().splitlines():
                if self.directory.name not in line:
                    self.assertLessEqual(len(line), 80, line)

    def test_says_what_json_says(self):
        path = self.file(SAMPLE)
        text = run("demo", path).stdout.decode()
        answer = self.demo_json(path)
        self.assertIn(f"{answer['freed_by_counting']} objects freed by counting", text)
        self.assertIn(f"{answer['freed_by_collector']} objects freed by the collector", text)
        self.assertIn("alpha -> beta -> alpha", text)
        self.assertIn("0 objects left", text)
        for number in "1234":
            self.assertRegex(text, rf"(?m)^{number}  [A-Z]")

    def test_colour_on_a_terminal(self):
        text, status = run_in_terminal("demo", self.file(SAMPLE), TERM="xterm-256color")
        self.assertEqual(status, 0, text)
        self.assertIn("\033[", text)
        self.assertIn("0 times", re.sub(r"\033\[[0-9;]*m", "", text))

    def test_no_colour_on_request(self):
        for changes in ({"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}):
            text, status = run_in_terminal("demo", self.file(SAMPLE), **changes)
            self.assertEqual(status, 0, text)
            self.assertNotIn("\033", text)

    def test_drawing_on_a_unicode_terminal(self):
        text, _ = run_in_terminal("demo", "--only", "3", TERM="xterm", LC_ALL="C.UTF-8")
        self.assertIn("\u2588", text)
        text, _ = run_in_terminal("demo", "--only", "3", TERM="xterm", LC_ALL="C")
        self.assertTrue(text.isascii())

    def test_braces_in_a_file_name(self):
        result = run("demo", "--only", "4", self.file(SAMPLE, "{%s}"))
        self.assertEqual(result.returncode, 0)
        self.assertIn(b"{%s}", result.stdout)


class Database(CommandTest):
    def test_fallback(self):
        answer = self.demo_json(DPKG_ADMINDIR=self.directory.name)
        Json.check_graph(self, answer)
        self.assertTrue(answer["fallback"])
        self.assertGreater(answer["packages"], 20)
        self.assertGreater(answer["cycles"], 3)
        names = [name for cycle in answer["largest_cycles"] for name in cycle["names"]]
        self.assertIn("libc6", names)
        text = run("demo", DPKG_ADMINDIR=self.directory.name)
        self.assertEqual(text.returncode, 0)
        self.assertIn(b"no package database", text.stdout)

    def test_database_of_another_directory(self):
        path = self.file(SAMPLE)
        answer = self.demo_json(DPKG_ADMINDIR=self.directory.name)
        self.assertEqual(answer["source"], path)
        self.assertEqual(answer["packages"], SAMPLE_PACKAGES)

    @unittest.skipUnless(os.access("/var/lib/dpkg/status", os.R_OK), "no Debian machine")
    def test_database_of_this_machine(self):
        answer = self.demo_json()
        Json.check_graph(self, answer)
        self.assertFalse(answer["fallback"])
        installed = subprocess.run(["dpkg-query", "-f", "${db:Status-Status}\n", "-W"],
                                   stdout=subprocess.PIPE, check=False).stdout.split()
        if installed:
            self.assertEqual(answer["packages"],
                             sum(state not in (b"config-files", b"not-installed")
                                 for state in installed))


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        COMMAND = sys.argv.pop(1)
    if not COMMAND:
        sys.exit("usage: command_test.py PATH_OF_OURO")
    COMMAND = os.path.abspath(COMMAND)
    unittest.main()
