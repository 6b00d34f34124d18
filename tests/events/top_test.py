#!/usr/bin/env python3
"""`ouro top`: agrees with what the program says of itself, on a terminal and off it, and believes no file too much.

usage: top_test.py COMMAND PROGRAM
"""

import fcntl
import json
import os
import pty
import random
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import time

SCREEN = 30, 110


class Churn:
    """The program, waiting after its rounds; what it has said of itself."""

    def __init__(self, command, program, folder, rounds="200"):
        self.process = subprocess.Popen([program, rounds, "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env={**os.environ, "OURO_PUBLISH": folder})
        self.said = {}
        for line in self.process.stdout:
            if line == "ready\n":
                break
            name, value = line.split()
            self.said[name] = int(value)
        names = [name for name in os.listdir(folder) if name.startswith(f"{self.process.pid}-")]
        assert len(names) == 1, names
        self.path = os.path.join(folder, names[0])
        self.wait_for_publication(command)

    def wait_for_publication(self, command):
        """What it has said is published as it passes by, when that is due: late, after one that has taken long."""
        for _ in range(300):
            shown = json.loads(top(command, "--json", self.path).stdout)
            if (shown["memory"]["objects"], shown["collector"]["generations"][2]["collections"],
                    shown["pauses"]["longest"]) == (
                        self.said["objects"], self.said["whole_collections"], self.said["longest_pause"]):
                return
            time.sleep(0.1)
        raise AssertionError(f"not published: {self.said}")

    def __enter__(self):
        return self

    def end(self):
        self.process.stdin.close()
        return self.process.wait(timeout=30)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def top(command, *words, status=0):
    done = subprocess.run([command, "top", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == status, f"top {words}: {done.returncode}, {done.stderr}"
    return done


def check_numbers(said, shown):
    memory, collector = shown["memory"], shown["collector"]
    for key in "objects", "object_bytes", "raw_bytes", "committed_bytes", "pools":
        assert memory[key] == said[key], (key, memory[key], said[key])
    assert collector["generations"][0]["collections"] == said["young_collections"]
    assert collector["generations"][2]["collections"] == said["whole_collections"]
    assert sum(row["collected"] for row in collector["generations"]) == said["collected"]
    assert shown["pauses"]["longest"] == said["longest_pause"]
    assert 0 < shown["pauses"]["p50"] <= shown["pauses"]["p99"] <= shown["pauses"]["longest"]
    live = sum(row["live"] * row["block_size"] for row in shown["classes"])
    assert live == said["object_bytes"] + said["raw_bytes"] - large_bytes(said), (live, said)


def reading(command, where):
    """What is published, but for how often and when."""
    shown = json.loads(top(command, "--json", where).stdout)
    return {key: value for key, value in shown.items() if key not in ("updates", "nanoseconds")}


def same_either_way(command, churn):
    """By the number of the process and by its file, unless memory goes back to the system between the two."""
    for _ in range(100):
        by_process, by_file = reading(command, str(churn.process.pid)), reading(command, churn.path)
        if by_process == by_file:
            return
        time.sleep(0.1)
    raise AssertionError((by_process, by_file))


def large_bytes(said):
    return said["raw_bytes"]  # the only raw block has a mapping of its own


def once(command, program, folder):
    with Churn(command, program, folder) as churn:
        shown = json.loads(top(command, "--json", str(churn.process.pid)).stdout)
        check_numbers(churn.said, shown)
        assert shown["heap"] == "churn" and shown["process"] == churn.process.pid and "census" not in shown
        same_either_way(command, churn)
        census = json.loads(top(command, "--json", "--census", churn.path).stdout)["census"]
        assert census["objects"] == churn.said["objects"] and census["bytes"] == churn.said["object_bytes"]
        assert census["types"] == [{"type": "churn_node", "objects": churn.said["objects"],
                                    "bytes": churn.said["object_bytes"]}], census
        text = top(command, "--once", churn.path).stdout
        assert "heap \"churn\"" in text and f"{churn.said['objects']:,}, and" in text and "\033" not in text, text
        assert "churn_node" in text, text  # the census was asked for before
        assert churn.end() == 0
        assert not os.path.exists(churn.path)


def what_is_left_behind(command, program, folder):
    with Churn(command, program, folder, "20") as churn:
        churn.process.kill()
        churn.process.wait()
        told = top(command, "--once", churn.path, status=1)
        assert "ended without closing" in told.stderr and "heap \"churn\"" in told.stdout, told.stderr
        assert "publishes no heap" in top(command, "--once", str(churn.process.pid), status=2).stderr
        with open(churn.path, "rb") as file:
            os.unlink(churn.path)
            return file.read()


def files_that_lie(command, folder, good):
    """Never a crash, never a control character on the terminal."""
    path = os.path.join(folder, "lie.ouro")

    def look(content, status):
        with open(path, "wb") as file:
            file.write(content)
        done = subprocess.run([command, "top", "--once", path], capture_output=True, timeout=60)
        assert done.returncode in status, (done.returncode, done.stderr)
        assert re.fullmatch(rb"[\n -~]*", done.stdout), done.stdout
        return done.stderr.decode()

    none = "is no published heap: its byte %d is wrong or missing"
    assert none % 0 in look(b"", [2])
    assert none % 0 in look(b"letters" * 1000, [2])
    assert none % 0 in look(b"letters" * 10, [2])
    assert none % 12 in look(good[:12] + b"\0" * 4 + good[16:], [2])
    for length in 7, 8, 11, 15, 16, 100, len(good) - 1:
        assert none % length in look(good[:length], [2])
    assert "another version" in look(good[:8] + struct.pack("=I", 99) + good[12:], [2])
    assert "another version" in look(good[:8] + struct.pack("=I", 99) + good[12:40], [2])
    look(good + b"more", [1])
    assert "contradicts its checksum at byte 24" in look(good[:200] + b"\xff" + good[201:], [2])

    def signed(body):
        value = 0xcbf29ce484222325
        for (word,) in struct.iter_unpack("=Q", body):
            value = (value ^ word) * 0x100000001b3 & 0xffffffffffffffff
        return struct.pack("=Q", value) + body

    assert signed(good[32:]) == good[24:], "the test computes the checksum as the header does"
    look(good[:24] + signed(b"\xff" * (len(good) - 32)), [0, 1])
    look(good[:24] + signed(b"\x1b" * (len(good) - 32)), [0, 1])
    chance = random.Random(7)
    for _ in range(30):
        body = bytearray(good[32:])
        for _ in range(40):
            body[chance.randrange(len(body))] = chance.randrange(256)
        look(good[:24] + signed(bytes(body)), [0, 1])
    os.unlink(path)
    assert "cannot be read" in top(command, "--once", path, status=2).stderr
    assert top(command, "--once", folder, status=1).stderr


class Terminal:
    """`ouro top` on a terminal."""

    def __init__(self, command, *words):
        self.child, self.file = pty.fork()
        if self.child == 0:
            os.execv(command, [command, "top", *words])
        fcntl.ioctl(self.file, termios.TIOCSWINSZ, struct.pack("HHHH", *SCREEN, 0, 0))
        self.text = ""

    def wait_for(self, pattern, seconds=30):
        """Reads on until what came since the last call has it."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, f"no {pattern!r} in {self.text!r}"
            if select.select([self.file], [], [], 0.2)[0]:
                try:
                    self.text += os.read(self.file, 65536).decode()
                except OSError:  # the other side is closed
                    assert re.search(pattern, self.text), f"no {pattern!r} in {self.text!r}"
        seen, self.text = self.text, ""
        return seen

    def press(self, keys):
        os.write(self.file, keys.encode())

    def end(self):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if select.select([self.file], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.file, 65536).decode()
                except OSError:
                    pass
            done, status = os.waitpid(self.child, os.WNOHANG)
            if done:
                return os.waitstatus_to_exitcode(status)
        os.kill(self.child, signal.SIGKILL)
        raise AssertionError("it does not end")


def on_a_terminal(command, program, folder):
    with Churn(command, program, folder) as churn:
        screen = Terminal(command, "--interval", "0.2", str(churn.process.pid))
        first = screen.wait_for(r"q quit")
        assert "\033[?1049h" in first and f"{churn.said['objects']:,}, and" in first, first
        assert "pauses" in first and "size classes" in first
        for frame in re.findall(r"\033\[H(.*?)\033\[J", first, re.DOTALL):
            lines = frame.split("\r\n")
            assert len(lines) <= SCREEN[0] and all(len(re.sub(r"\033\[K", "", line)) <= SCREEN[1] for line in lines)
        screen.press("c")
        screen.wait_for(r"census      of .*objects of 1 type")
        screen.press("p")
        screen.wait_for(r"p go on")
        screen.press("p")
        screen.wait_for(r"p hold")
        screen.press("q")
        assert screen.end() == 0
        assert "\033[?1049l" in screen.text and "\033[?25h" in screen.text

        screen = Terminal(command, churn.path)
        screen.wait_for(r"q quit")
        os.kill(screen.child, signal.SIGTERM)
        assert screen.end() == 0 and "\033[?1049l" in screen.text

        screen = Terminal(command, "-i", "0.2", churn.path)
        screen.wait_for(r"q quit")
        churn.end()
        assert screen.end() == 0 and "the heap was closed" in screen.text, screen.text


def while_it_churns(command, program, folder):
    """At any moment of a collection cycle: numbers that fit together."""
    busy = subprocess.Popen([program, "3000"], stdout=subprocess.DEVNULL,
                            env={**os.environ, "OURO_PUBLISH": folder})
    updates = []
    try:
        while busy.poll() is None and len(updates) < 10:
            files = [name for name in os.listdir(folder) if name.startswith(f"{busy.pid}-")]
            if not files:
                continue
            done = subprocess.run([command, "top", "--json", "--census", os.path.join(folder, files[0])],
                                  capture_output=True, text=True, timeout=60)
            if done.returncode != 0 or busy.poll() is not None:
                continue
            shown = json.loads(done.stdout)
            updates.append(shown["updates"])
            memory = shown["memory"]
            assert memory["object_bytes"] >= memory["objects"] * 24
            assert memory["object_bytes"] <= memory["committed_bytes"]
            assert shown["pauses"]["count"] >= sum(
                row["collections"] for row in shown["collector"]["generations"][:2])
    finally:
        busy.kill()
        busy.wait()
    assert updates == sorted(updates), updates
    assert updates, "it was seen at least once"


def main():
    command, program = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        assert "Usage: ouro top" in top(command, "--help").stdout
        once(command, program, folder)
        good = what_is_left_behind(command, program, folder)
        files_that_lie(command, folder, good)
        on_a_terminal(command, program, folder)
        while_it_churns(command, program, folder)


if __name__ == "__main__":
    main()
