#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`python3 -m ouro_snapshot` runs scripts as Python does, and writes when it should."""

import json
import signal
import time
import unittest

from snapshots import *

SAY = """
import json, sys
print(json.dumps([__name__, sys.argv, sys.path[0], __package__, sys.modules["__main__"].__dict__ is globals(),
                  globals().get("__file__"), __spec__ is not None and __spec__.name]))
"""


class InFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)

    def write(self, name, content):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(textwrap.dedent(content))
        return path

    def run_it(self, *arguments, **options):
        return python("-m", "ouro_snapshot", *arguments, cwd=self.folder, **options)

    def snapshot(self, name):
        return Snapshot(os.path.join(self.folder, name))

    def exists(self, name):
        return os.path.exists(os.path.join(self.folder, name))


class AsPythonDoes(InFolder):
    def compare(self, *arguments, output):
        expected = python(*arguments, cwd=self.folder, site=True).stdout
        self.assertEqual(json.loads(self.run_it(*arguments, site=True).stdout), json.loads(expected))
        self.assertIn("__main__", [root.name for root in self.snapshot(output).roots])

    def test_scripts(self):
        self.write("sub/script.py", SAY)
        self.compare("sub/script.py", "one", "-o", "--help", output="script.snapshot")

    def test_modules(self):
        self.write("package/__init__.py", "")
        self.write("package/__main__.py", SAY)
        self.write("package/module.py", SAY)
        self.compare("-m", "package.module", "one", output="module.snapshot")
        self.compare("-m", "package", "two", output="package.snapshot")

    def test_code(self):
        self.compare("-c", SAY, "one", "-m", output="python.snapshot")

    def test_folders_and_archives(self):
        self.write("folder/__main__.py", SAY)
        self.compare("folder", "one", output="folder.snapshot")

    def test_statuses(self):
        for code, status in [("pass", 0), ("import sys; sys.exit(7)", 7), ("raise SystemExit('words')", 1),
                             ("1 / 0", 1), ("raise KeyboardInterrupt", 130), ("syntax error", 1)]:
            with self.subTest(code):
                self.run_it("-o", "one", "-c", code, status=status)

    def test_a_traceback_shows_the_script_alone(self):
        path = self.write("fails.py", "def fail(): raise ValueError('words')\nfail()\n")
        said = self.run_it("--quiet", path, status=1).stderr
        self.assertEqual(said, python(path, cwd=self.folder, status=1).stderr)


class WhenItWrites(InFolder):
    def test_after_an_exception_with_its_frames(self):
        self.run_it("-o", "one", "-c", "def fail():\n  local = ['kept']\n  1 / local\nfail()", status=1)
        snapshot = self.snapshot("one")
        root = [root for root in snapshot.roots if root.name == "the exception that ended the script"]
        error = snapshot.objects[root[0].object]
        self.assertEqual(error.type, "TypeError")
        self.assertEqual(
            snapshot.along(error, "__traceback__", "tb_next", "tb_frame", "local", 0).text, "kept")

    def test_after_exit_functions_and_threads(self):
        self.run_it("-o", "one", "-c", textwrap.dedent("""
            import atexit, threading, time
            said = []
            def work():
                time.sleep(0.3)
                said.append("thread")
            threading.Thread(target=work).start()
            atexit.register(said.append, "atexit")
            """))
        snapshot = self.snapshot("one")
        self.assertEqual(snapshot.main("said", 0).text, "thread")
        self.assertEqual(snapshot.main("said", 1).text, "atexit")

    def test_at_a_signal(self):
        path = self.write("serves.py", """
            import sys, time
            def serve():
                state = ["state"]
                sys.stdout.write("ready\\n"); sys.stdout.flush()
                sys.stdin.read()
            serve()
            """)
        process = subprocess.Popen([sys.executable, "-m", "ouro_snapshot", "-o", "app.snapshot", path],
                                   cwd=self.folder, env=environment(), text=True, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            self.assertEqual(process.stdout.readline(), "ready\n")
            for number in (1, 2):
                process.send_signal(signal.SIGUSR1)
                self.await_file(f"app.{number}.snapshot")
        finally:
            process.stdin.close()
            process.wait(60)
            said = process.stderr.read()
            process.stdout.close()
            process.stderr.close()
        self.assertEqual(process.returncode, 0, said)
        self.assertTrue(self.exists("app.snapshot"))
        snapshot = self.snapshot("app.2.snapshot")
        frames = {root.name: snapshot.objects[root.object] for root in snapshot.roots if root.kind == FRAME}
        if sys.version_info >= (3, 11):
            self.assertEqual(snapshot.along(frames["serve: state"], 0).text, "state")
        else:
            self.assertEqual(snapshot.along(frames["serve"], "state", 0).text, "state")

    def await_file(self, name):
        for _ in range(600):
            if self.exists(name):
                return
            time.sleep(0.1)
        self.fail(f"{name} was not written")

    def test_not_in_a_forked_child(self):
        self.run_it("-o", "one", "-c", textwrap.dedent("""
            import os, sys
            who = "parent"
            child = os.fork()
            if child == 0:
                who = "child"
                sys.exit()
            os.waitpid(child, 0)
            """))
        self.assertEqual(self.snapshot("one").main("who").text, "parent")
        self.assertEqual(os.listdir(self.folder), ["one"])


class Errors(InFolder):
    def test_before_the_script_runs(self):
        touch = "open('ran', 'w').close()"
        for arguments, words in [
                (["-o", "absent/one", "-c", touch], "there is no folder 'absent'"),
                (["-o", ".", "-c", touch], "is a folder"),
                (["--odd", "-c", touch], "no option --odd"), ([], "no script"), (["-o"], "needs a value"),
                (["-m"], "needs a value"), (["--signal", "SIGNONE", "-c", touch], "no signal SIGNONE"),
                (["--collect", "--keep-garbage", "-c", touch], "contradict"),
                (["absent.py"], "absent.py"), (["-m", "absent_module"], "absent_module")]:
            with self.subTest(arguments):
                done = self.run_it(*arguments, status=2)
                self.assertIn(words, done.stderr)
                self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(os.listdir(self.folder), [])

    def test_help(self):
        self.assertIn("--keep-garbage", self.run_it("--help").stdout)

    def test_save_raises(self):
        self.write("readable", "as it was")
        done = python("-c", textwrap.dedent("""
            import os, ouro_snapshot
            os.mkdir("folder")
            for path, kind in [("absent/one", FileNotFoundError), ("folder", IsADirectoryError),
                               ("nul\\0", ValueError), (5, TypeError), ("/dev/full/x", NotADirectoryError)]:
                try: ouro_snapshot.save(path)
                except kind as error: assert kind is not FileNotFoundError or error.filename == path, error
                else: raise AssertionError(path)
            print(sorted(os.listdir()))
            """), cwd=self.folder)
        self.assertEqual(done.stdout, "['folder', 'readable']\n")

    def test_a_full_disk(self):
        done = python("-c", textwrap.dedent("""
            import errno, os, resource, signal, ouro_snapshot
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))
            try: ouro_snapshot.save("one")
            except OSError as error: print(errno.errorcode[error.errno], error.filename, os.listdir())
            """), cwd=self.folder)
        self.assertEqual(done.stdout, "EFBIG one []\n")

    def test_a_pipe(self):
        """What is no regular file is written to, and stays what it is."""
        self.write("script.py", "")
        pipe, copy = os.path.join(self.folder, "pipe"), os.path.join(self.folder, "copy")
        os.mkfifo(pipe)
        with open(copy, "wb") as file, subprocess.Popen(["timeout", "60", "cat", pipe], stdout=file) as reader:
            self.run_it("-o", pipe, "script.py")
            self.assertFalse(os.path.isfile(pipe))
            reader.wait()
        self.assertIn("__main__", [root.name for root in self.snapshot("copy").roots])

    def test_without_memory(self):
        """Every allocation refused in turn: MemoryError each time, and at last a snapshot."""
        done = python("-c", textwrap.dedent(f"""
            import os, sys
            try: import _testcapi
            except ImportError: sys.exit(77)
            import ouro_snapshot
            refused = 0

            # Whether a snapshot is that gets no memory from its allocation `at` on; then there is no file.
            def is_refused(at):
                global refused
                _testcapi.set_nomemory(at, 0)
                try:
                    ouro_snapshot.save("one")
                except MemoryError:
                    _testcapi.remove_mem_hooks()
                    refused += 1
                    assert os.listdir() == [], os.listdir()
                    return True
                _testcapi.remove_mem_hooks()
                os.remove("one")
                return False

            for at in range(1, 4000, {1 if TIER else 7}):
                if not is_refused(at) or refused >= {amount(4000 if TIER else 30)}: break
            low, high = 1, 2  # then the last allocations, one by one
            while is_refused(high): low, high = high, 2 * high
            while high - low > 1:
                middle = (low + high) // 2
                if is_refused(middle): low = middle
                else: high = middle
            for at in range(max(1, high - 12), high + 1): is_refused(at)
            ouro_snapshot.save("one")
            print("covered:", refused, "snapshots refused for want of memory")
            """), cwd=self.folder, status=None)
        if done.returncode == 77:
            self.skipTest("this Python has no _testcapi")
        self.assertEqual(done.returncode, 0, done.stderr)
        print(done.stdout, end="")
        self.assertIn("covered:", done.stdout)
        self.assertTrue(self.exists("one"))

    def test_in_a_subinterpreter(self):
        done = python("-c", textwrap.dedent("""
            import sys
            try: import _xxsubinterpreters as interpreters
            except ImportError: sys.exit(77)
            one = interpreters.create()
            try: interpreters.run_string(one, "import ouro_snapshot; ouro_snapshot.save('one')")
            except Exception as error: print(error)
            """), cwd=self.folder, status=None)
        if done.returncode == 77:
            self.skipTest("this Python has no _xxsubinterpreters")
        self.assertRegex(done.stdout, "main interpreter|subinterpreters")
        self.assertFalse(self.exists("one"))


if __name__ == "__main__":
    unittest.main()
