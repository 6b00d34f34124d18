#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The process is shown as it is, and left as it was: nothing of the program is run, nothing of the writer shows."""

import sys
import unittest

from snapshots import *


class Undisturbed(unittest.TestCase):
    def test_no_code_of_the_program_is_run(self):
        script = """
            import ouro_snapshot, sys
            ready = False
            def run(*arguments, **named):
                if ready: sys.stderr.write("was run\\n")
                return NotImplemented
            class Meta(type):
                __getattribute__ = lambda self, name: run() if ready else type.__getattribute__(self, name)
                __instancecheck__ = __subclasscheck__ = __hash__ = __eq__ = __repr__ = run
            class Hostile(metaclass=Meta):
                __slots__ = ("__dict__", "slot")
                for name in ("repr str hash eq getattr len iter sizeof bool index contains getitem call format dir "
                             "reduce reduce_ex lt int float bytes fspath length_hint del").split():
                    locals()["__%s__" % name] = run
                def __getattribute__(self, name):
                    return run() if ready else object.__getattribute__(self, name)
                __class__ = property(lambda self: run())
            class Key(str):
                def __hash__(self):
                    if ready: run()
                    return hash("__sizeof__")
                def __eq__(self, other):
                    if ready: run()
                    return False
            class Mapping(dict): __iter__ = keys = items = __getitem__ = get = __len__ = run
            class Number(int): __index__ = __int__ = __repr__ = __sizeof__ = run
            type.__setattr__(Hostile, "shown", property(run))
            keyed = type("Keyed", (), {Key("odd"): 1})()
            hostile = Hostile()
            hostile.one = hostile.slot = [hostile]
            mapping, number = Mapping(k=hostile), Number(5)
            by_key = {Key("x"): Key("y")}
            ready = True
            ouro_snapshot.save(PATH)
            ready = False
            """
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "moment")
            done = python("-c", textwrap.dedent(script).replace("PATH", repr(path)))
            self.assertEqual(done.stderr, "", "code of the program was run while it was shown")
            snapshot = Snapshot(path)
        hostile = snapshot.main("hostile")
        self.assertEqual(hostile.type, "__main__.Hostile")
        self.assertIs(snapshot.along(hostile, "slot", 0), hostile)
        self.assertIs(snapshot.main("mapping", "k"), hostile)
        self.assertGreater(hostile.size, 0)
        self.assertEqual(snapshot.main("number").type, "__main__.Number")

    def test_no_collection_and_its_switch_is_as_before(self):
        with tempfile.TemporaryDirectory() as folder:
            done = python("-c", textwrap.dedent(f"""
                import gc, ouro_snapshot
                events = []
                gc.callbacks.append(lambda phase, info: events.append(phase))
                gc.set_threshold(1)
                for enabled in (True, False):
                    gc.enable() if enabled else gc.disable()
                    for _ in range(3):
                        before = len(events)
                        ouro_snapshot.save({os.path.join(folder, "one")!r})
                        assert gc.isenabled() == enabled
                gc.disable()
                events.clear()
                ouro_snapshot.save({os.path.join(folder, "one")!r})
                assert events == [], events
                print("fine")
                """))
            self.assertEqual(done.stdout, "fine\n")

    def test_counts_and_strings_are_as_before(self):
        with tempfile.TemporaryDirectory() as folder:
            done = python("-c", textwrap.dedent(f"""
                import gc, sys, ouro_snapshot
                class Some: pass
                some = [Some() for _ in range(100)]
                for one in some: one.value = "\\u00e4" * 100 + str(id(one))
                objects = gc.get_objects() + [one.value for one in some]
                def look(): return [(sys.getrefcount(one), sys.getsizeof(one)) for one in objects
                                    if type(one) in (Some, str, type, tuple)]
                look()
                before = look()
                ouro_snapshot.save({os.path.join(folder, "one")!r})
                after = look()
                different = [pair for pair in zip(before, after) if pair[0] != pair[1]]
                assert len(before) == len(after) and len(different) <= 2, different
                print("fine")
                """))
            self.assertEqual(done.stdout, "fine\n")

    def test_the_writer_does_not_show(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "script.py")
            with open(path, "w", encoding="utf-8") as file:
                file.write("import ouro_snapshot\nouro_snapshot.save('moment')\n")
            python("-m", "ouro_snapshot", "-o", "end", path, cwd=folder)
            for name in ("moment", "end"):
                snapshot = Snapshot(os.path.join(folder, name))
                shown = [one for one in snapshot.objects.values()
                         if "ouro_snapshot" in one.type or
                         (one.type in ("function", "code", "module", "type", "builtin_function_or_method")
                          and ("ouro" in one.text or one.text in ("_write_at_end", "_new_options", "_load_script")))]
                self.assertEqual(shown, [])
                lists = [one for one in snapshot.of_type("list") if len(one.edges) > 1000]
                self.assertEqual(lists, [])

    def test_twice_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            python("-c", textwrap.dedent("""
                import ouro_snapshot
                class Kept: pass
                kept = [Kept() for _ in range(50)]
                for one in kept: one.other = kept
                ouro_snapshot.save("zeroth")
                ouro_snapshot.save("first")
                ouro_snapshot.save("second")
                """), cwd=folder)
            first, second = (Snapshot(os.path.join(folder, name)) for name in ("first", "second"))
        self.assertLess(abs(len(first.objects) - len(second.objects)), 10)
        kept = first.main("kept").address
        self.assertEqual(sorted(first.objects[kept].edges), sorted(second.objects[kept].edges))
        self.assertEqual(first.objects[kept].count, second.objects[kept].count)


class Shapes(unittest.TestCase):
    def test_a_deep_nest(self):
        depth = amount(1000000 if TIER else 100000)
        snapshot = snapshot_of(f"""
            nest = None
            for _ in range({depth}): nest = [nest]
            pairs = None
            for _ in range({depth}): pairs = (pairs,)
            """)
        for name in ("nest", "pairs"):
            one, found = snapshot.main(name), 0
            while one.edges:
                one, found = snapshot.objects[one.edges[0].target], found + 1
            self.assertEqual(found, depth)
        print(f"covered: {2 * depth} objects in nests of that depth")

    def test_a_bound_method_of_bound_methods(self):
        snapshot = snapshot_of("""
            import types
            nest = print
            for _ in range(100000): nest = types.MethodType(nest, 1)
            """)
        self.assertEqual(snapshot.main("nest").type, "method")

    def test_running_functions(self):
        snapshot = snapshot_of("""
            import ouro_snapshot, threading, sys
            def work(argument, started, wait):
                local = ["of a thread"]
                hidden = lambda: local
                started.set()
                wait.wait()
            started, wait = threading.Event(), threading.Event()
            thread = threading.Thread(target=work, args=({"argument": 1}, started, wait))
            thread.start()
            started.wait()
            def outer():
                mine = ["of the main thread"]
                ouro_snapshot.save("moment")
            import os
            outer()
            wait.set()
            thread.join()
            with open("moment", "rb") as file: sys.stdout.write(file.read().hex())
            """)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "moment")
            with open(path, "wb") as file:
                file.write(bytes.fromhex(snapshot.printed))
            snapshot = Snapshot(path)
        frames = {root.name: snapshot.objects[root.object] for root in snapshot.roots if root.kind == FRAME}
        if sys.version_info >= (3, 11):
            self.assertEqual(snapshot.along(frames["outer: mine"], 0).text, "of the main thread")
            self.assertEqual(snapshot.along(frames["work: local"], "cell_contents", 0).text, "of a thread")
            self.assertEqual(snapshot.along(frames["work: argument"], "argument").text, "1")
        else:
            self.assertEqual(snapshot.along(frames["outer"], "mine", 0).text, "of the main thread")
            self.assertEqual(snapshot.along(frames["work"], "local", "cell_contents", 0).text, "of a thread")
        self.assertFalse([name for name in frames if name.startswith(("save", "_run", "main"))], frames)

    def test_while_threads_work(self):
        snapshot_of("""
            import ouro_snapshot, threading, collections
            stop = False
            def work():
                made = collections.deque(maxlen=100)
                while not stop:
                    made.append({str(i): [i, (i,)] for i in range(50)})
            threads = [threading.Thread(target=work) for _ in range(3)]
            for thread in threads: thread.start()
            for _ in range(5): ouro_snapshot.save("moment")
            stop = True
            for thread in threads: thread.join()
            """)


class Garbage(unittest.TestCase):
    SCRIPT = """
        class Node:
            def __init__(self): self.me = self
        class Payload: pass
        node = Node()
        node.payload = Payload()
        node.payload.data = [bytearray(1000)]
        shared = Payload()
        node.shared = shared
        del node
        """

    def test_kept_garbage_is_what_no_root_reaches(self):
        snapshot = snapshot_of(self.SCRIPT, "--keep-garbage")
        node = snapshot.one("__main__.Node")
        unreached = set(snapshot.objects) - snapshot.reached()
        self.assertIn(node.address, unreached)
        self.assertIn(snapshot.attribute(node, "payload").address, unreached)
        self.assertIn(snapshot.one("bytearray").address if len(snapshot.of_type("bytearray")) == 1 else
                      snapshot.attribute(snapshot.attribute(node, "payload"), "data").edges[0].target, unreached)
        self.assertNotIn(snapshot.main("shared").address, unreached)

    def test_collected_garbage_is_gone(self):
        snapshot = snapshot_of(self.SCRIPT, "--collect")
        self.assertEqual(snapshot.of_type("__main__.Node"), [])
        unreached = set(snapshot.objects) - snapshot.reached()
        self.assertEqual([snapshot.objects[address] for address in unreached], [])

    def test_of_functions_generators_and_types(self):
        snapshot = snapshot_of("""
            def make():
                def recursive(): return recursive
                recursive.mark = ["function"]
            make()
            def generate(box):
                box.append(["generator"])
                yield box
            box = []
            box.append(generate(box))
            next(box[0])
            del box
            class Lost: mark = ["type"]
            Lost.me = Lost()
            del Lost
            def fail():
                mark = ["frame"]
                try: raise ValueError
                except ValueError as error: kept = error
            fail()
            """, "--keep-garbage")
        unreached = set(snapshot.objects) - snapshot.reached()
        for mark in ("function", "generator", "type", "frame"):
            holders = [one for one in snapshot.objects.values() if one.type == "list" and len(one.edges) == 1
                       and snapshot.objects[one.edges[0].target].text == mark]
            self.assertEqual(len(holders), 1, mark)
            self.assertIn(holders[0].address, unreached, mark)


if __name__ == "__main__":
    unittest.main()
