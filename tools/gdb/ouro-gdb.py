# SPDX-License-Identifier: MIT
"""ouro in gdb: what lives in a heap, of a running program or of a core file.

    (gdb) source ouro-gdb.py            where gdb has not loaded it by itself
    (gdb) ouro heaps                    which heaps there are
    (gdb) ouro census [HEAP]            what lives, by type
    (gdb) ouro object EXPRESSION        one object: type, count, state, references by field
    (gdb) ouro referrers EXPRESSION     who refers to it, by field
    (gdb) print pointer_to_an_object    type, count, state and fields, by a pretty printer

Everything is read from memory with the help of the library's debug information (structs of src/memory,
src/object, src/heap); no function of the program is called.  How memory lies is in docs/design/arena.md
and pool.md; in short:

    heap --> arenas of a realm --> table of pool headers --> blocks of one size, a word in front of each
    32 MiB, aligned                  at the arena's start      word 0: the block is free

Pools are read whole, and their blocks' words are compared by slices, so that a million objects take seconds.
A heap is found from its arenas: each begins with the heap's address, at a multiple of 32 MiB.
"""
import re
import struct
from collections import Counter

import gdb

ARENA_SHIFT, POOL_SHIFT, FIRST_PAGE = 25, 16, 160  # src/base/tune.h
ARENA_SIZE, POOL_SIZE = 1 << ARENA_SHIFT, 1 << POOL_SHIFT
COUNTS, LANE_BITS = 0, 1 << 20  # src/memory/arena.h
YOUNG_BITS, SET_BITS = 64 << 10, 320 << 10
RAW, ACYCLIC, TRACKED = 0, 1, 2  # enum ouro__realm
POOL_CURRENT = 2  # enum ouro__pool_state
END, REF, WEAK, VECTOR, ITEMS, BORROWED = range(6)  # ouro_field_kind
LANES = 2
FLAGS = {"middle": 0, "weakly": 1, "finalized": 2, "frozen": 3, "saved": 4}  # src/object/word.h
TAGS = 0xFFFF_8000_0000_0007  # bits of a word that a tagged pointer may use


class Missing(gdb.GdbError):
    """What is asked for is not there; the text says so."""


# ---- memory and layout ------------------------------------------------------


def read(address, size):
    """Bytes of the program, or Missing."""
    try:
        return bytes(gdb.selected_inferior().read_memory(address, size))
    except gdb.MemoryError as error:
        raise Missing(f"ouro: cannot read {size} bytes at {address:#x}: {error}") from None


def words_of(data):
    """Bytes as words of 64 bits; what is left over at the end is dropped."""
    return memoryview(data)[: len(data) & ~7].cast("Q")


def word_at(address):
    return int.from_bytes(read(address, 8), "little")


def text_at(address):
    if address == 0:
        return ""
    return gdb.Value(address).cast(gdb.lookup_type("char").pointer()).string(errors="replace")


class Layout:
    """Where the library's structs have their fields, from its debug information."""

    def __init__(self):
        try:
            self.heap = gdb.lookup_type("struct ouro_heap")
            self.arena = gdb.lookup_type("struct ouro__arena")
            self.pool = gdb.lookup_type("struct ouro__pool")
            self.shapes = int(gdb.parse_and_eval("(unsigned long)&ouro__shapes"))
            types = gdb.parse_and_eval("ouro__types")
        except gdb.error as error:
            raise Missing(
                f"ouro: the program has no libouro with debug information loaded: {error}"
            ) from None
        self.types = int(types.address)
        self.type_limit = types.type.range()[1] + 1
        # Guarded builds have fewer types, since each word has a canary: src/object/word.h
        self.guarded = self.type_limit < 65536
        self.count_shift = 8 if self.guarded else 0
        self.type_shift = 52 if self.guarded else 44
        self.owner = self.offset(self.arena, "owner")
        realms = self.offset(self.heap, "life.weakrefs.pools.realms")
        one = gdb.lookup_type("struct ouro__realm_arenas")
        self.realm_heads = [
            (realm, realms + realm * one.sizeof + self.offset(one, field))
            for realm in (RAW, ACYCLIC, TRACKED)
            for field in ("arenas", "large")
        ]
        self.marks = self.offset(self.heap, "life.weakrefs.pools.marks")
        self.marks_type = gdb.lookup_type("struct ouro__marks")
        self.pool_fields = {
            name: (self.offset(self.pool, name), self.size(self.pool, name))
            for name in ("carved", "capacity", "block_size", "bin", "state", "pages", "back", "first")
        }

    @staticmethod
    def offset(kind, path):
        bits = 0
        for name in path.split("."):
            field = kind[name]
            bits += field.bitpos
            kind = field.type.strip_typedefs()
        return bits // 8

    @staticmethod
    def size(kind, name):
        return kind[name].type.sizeof

    def field(self, data, kind, name):
        start = self.offset(kind, name)
        return int.from_bytes(data[start : start + self.size(kind, name)], "little")

    def is_free(self, word):
        return word >> self.count_shift == 0

    def is_dying(self, word):
        return word >> self.count_shift & 0xFFFFFFFF == 0

    def has_flag(self, word, name):
        return word >> (32 + self.count_shift + FLAGS[name]) & 1 != 0

    def count(self, word):
        """The number of references, or None of an immortal object."""
        low = word >> self.count_shift & 0xFFFFFFFF
        if low < 1 << 31:
            return low
        return low & 0x1FFFFFFF if low >> 29 == 6 else None

    def is_trapped(self, word):
        return word >> (self.count_shift + 29) & 7 == 6


# ---- types ------------------------------------------------------------------


class Type:
    """A program's ouro_type, read once."""

    def __init__(self, number, address):
        value = gdb.Value(address).cast(gdb.lookup_type("struct ouro_type").pointer()).dereference()
        self.number = number
        self.name = text_at(int(value["name"]))
        self.size = int(value["size"])
        self.item_size = int(value["item_size"])
        self.length_offset = int(value["length_offset"])
        self.has_hook = int(value["traverse"]) != 0
        self.fields = []  # (name, offset, kind)
        at = int(value["fields"])
        size = gdb.lookup_type("struct ouro_field").sizeof
        field_type = gdb.lookup_type("struct ouro_field").pointer()
        while at != 0:
            field = gdb.Value(at).cast(field_type).dereference()
            kind = int(field["kind"])
            if kind == END:
                break
            self.fields.append((text_at(int(field["name"])), int(field["offset"]), kind))
            at += size
        named = {offset for _, offset, kind in self.fields if kind in (REF, WEAK)}
        # Words that only the traverse hook can tell: looked at without asking it.
        self.unnamed = [
            offset for offset in range(0, self.size & ~7, 8) if offset not in named
        ] if self.has_hook else []

    def length(self, data, start):
        if self.item_size == 0:
            return 0
        return int.from_bytes(data[start + self.length_offset : start + self.length_offset + 8], "little")


# ---- heaps ------------------------------------------------------------------


class Pool:
    """Blocks of one size: their bytes, and the words in front of them."""

    __slots__ = ("arena", "realm", "first", "step", "carved", "large")

    def __init__(self, arena, realm, first, step, carved, large):
        self.arena, self.realm, self.first = arena, realm, first
        self.step, self.carved, self.large = step, carved, large

    def data(self):
        """From the first block's word on; entry i begins at 8 + i * step."""
        return read(self.first - 8, self.step * self.carved)


class Heap:
    def __init__(self, layout, address):
        self.layout, self.address = layout, address
        self.data = read(address, layout.heap.sizeof)
        self.name = self.data[layout.offset(layout.heap, "name") :].split(b"\0")[0].decode(errors="replace")
        self.object_pools = None
        self.pool_of_page = {}
        self.arenas = []  # (address, realm)
        for realm, offset in layout.realm_heads:
            arena = int.from_bytes(self.data[offset : offset + 8], "little")
            seen = set()
            while arena != 0 and arena not in seen:
                seen.add(arena)
                self.arenas.append((arena, realm))
                arena = word_at(arena + layout.offset(layout.arena, "next"))
        marks = self.data[layout.marks :]
        self.dark = {
            name: layout.field(marks, layout.marks_type, name)
            for name in ("condemned", "reviving", "speaking")
        }

    def pools(self, realms):
        layout = self.layout
        for arena, realm in self.arenas:
            if realm not in realms:
                continue
            table = read(arena, layout.pool.sizeof * (ARENA_SIZE // POOL_SIZE))
            large = bool(layout.field(table, layout.arena, "large"))
            limit = layout.field(table, layout.arena, "page_limit")
            size = layout.field(table, layout.arena, "size")
            for page in range(FIRST_PAGE, limit):
                at = page * layout.pool.sizeof
                values = {
                    name: int.from_bytes(table[at + start : at + start + length], "little")
                    for name, (start, length) in layout.pool_fields.items()
                }
                if values["state"] < POOL_CURRENT or values["pages"] == 0 or values["back"] != 0:
                    continue
                if values["carved"] == 0:
                    continue
                step = values["block_size"]
                first = values["first"]
                if large:
                    guard = 4096 if layout.guarded else 0  # without access
                    step = (arena + size - guard - (first - 8)) & ~7
                yield Pool(arena, realm, first, step, values["carved"], large)

    def is_hidden(self, pool, entry):
        """Garbage that a collection has condemned, or is giving a last word: every walk passes it by."""
        if pool.realm != TRACKED or not any(self.dark.values()):
            return False
        offset = entry & (ARENA_SIZE - 1)
        count = struct.unpack("<I", read(pool.arena + COUNTS + (offset >> 2 & ~3), 4))[0]
        if count & self.dark["condemned"]:
            return True
        for lane in range(LANES):
            if (self.dark["reviving"] | self.dark["speaking"]) >> lane & 1:
                bits = word_at(pool.arena + SET_BITS + lane * LANE_BITS + (offset >> 9) * 8)
                if bits >> (entry >> 3 & 63) & 1:
                    return True
        return False

    def live(self, pool, data):
        """Yields (index, word) of the pool's living objects."""
        layout = self.layout
        hides = pool.realm == TRACKED and any(self.dark.values())
        for index, word in enumerate(words_of(data)[:: pool.step // 8].tolist()):
            if word >> layout.count_shift & 0xFFFFFFFF == 0:
                continue
            if hides and self.is_hidden(pool, pool.first + index * pool.step):
                continue
            yield index, word


class World:
    """All that is known while the program stands still."""

    current = None
    failure = None  # why there is none

    def __init__(self):
        self.layout = Layout()
        self.types = {}
        self.heaps = {}  # by address
        self.owners = {}  # heap by arena, for arenas of objects
        for owner in self.find_owners():
            self.add_heap(owner)

    @classmethod
    def get(cls):
        if cls.failure is not None:
            raise cls.failure
        if cls.current is None:
            try:
                cls.current = cls()
            except Missing as failure:
                cls.failure = failure
                raise
        return cls.current

    @classmethod
    def forget(cls, *_):
        cls.current = cls.failure = None

    def add_heap(self, owner):
        if owner in self.heaps:
            return
        heap = Heap(self.layout, owner)
        self.heaps[owner] = heap
        for arena, realm in heap.arenas:
            if realm != RAW:
                self.owners[arena] = heap

    def find_owners(self):
        """Heaps, from what lies at multiples of 32 MiB: an arena begins with its heap, which knows it."""
        found = []
        for start, end in mappings():
            first = (start + ARENA_SIZE - 1) & ~(ARENA_SIZE - 1)
            for arena in range(first, end, ARENA_SIZE):
                owner = self.owner_of(arena)
                if owner and owner not in found:
                    found.append(owner)
        return found

    def owner_of(self, arena):
        """The heap of an arena; None where there is neither."""
        layout = self.layout
        try:
            header = read(arena, layout.arena.sizeof)
            owner = layout.field(header, layout.arena, "owner")
            realm = layout.field(header, layout.arena, "realm")
            if owner == 0 or owner & 4095 or realm > TRACKED or layout.field(header, layout.arena, "size") == 0:
                return None
            heads = {word_at(owner + at): which for which, at in layout.realm_heads}
            seen = 0
            for head, which in heads.items():
                while head != 0 and seen < 1 << 16:
                    if head == arena:
                        return owner
                    head = word_at(head + layout.offset(layout.arena, "next"))
                    seen += 1
        except Missing:
            pass
        return None

    def type_of(self, word):
        number = word >> self.layout.type_shift
        if number not in self.types:
            address = word_at(self.layout.types + 8 * number) if number < self.layout.type_limit else 0
            if address == 0:
                raise Missing(f"ouro: {word:#x} is the word of no object: there is no type {number}")
            self.types[number] = Type(number, address)
        return self.types[number]

    def pool_at(self, address):
        """The heap and the pool of the block around an address; None and None where there is none."""
        heap = self.owners.get(address & ~(ARENA_SIZE - 1))
        if heap is None:
            return None, None
        self.pools_of(heap)
        pool = heap.pool_of_page.get(address >> POOL_SHIFT)
        if pool is None or not pool.first - 8 <= address < pool.first - 8 + pool.step * pool.carved:
            return None, None
        return heap, pool

    def pools_of(self, heap):
        """The pools of objects, read once and found by page."""
        if heap.object_pools is None:
            heap.object_pools = list(heap.pools((ACYCLIC, TRACKED)))
            for pool in heap.object_pools:
                start = pool.first - 8
                end = start + pool.step * pool.carved
                for page in range(start >> POOL_SHIFT, (end - 1 >> POOL_SHIFT) + 1):
                    heap.pool_of_page[page] = pool
        return heap.object_pools

    def object_at(self, address):
        """The Object around an address; None where no object lives."""
        heap, pool = self.pool_at(address)
        if pool is None:
            return None
        entry = pool.first + (address - (pool.first - 8)) // pool.step * pool.step
        word = word_at(entry - 8)
        if self.layout.is_free(word):
            return None
        return Object(self, heap, pool, entry, word)


def mappings():
    """Ranges of addresses that the program can write to, of a process or a core file."""
    ranges = []
    try:
        text = gdb.execute("info proc mappings", to_string=True)
    except gdb.error:
        text = ""
    for line in text.splitlines():
        match = re.match(r"\s*(0x[0-9a-f]+)\s+(0x[0-9a-f]+)\s+0x[0-9a-f]+\s+0x[0-9a-f]+\s+(\S*)", line)
        if match and match.group(3).startswith("rw"):
            ranges.append((int(match.group(1), 16), int(match.group(2), 16)))
    if not ranges:  # a core file: what it holds
        text = gdb.execute("info files", to_string=True)
        for match in re.finditer(r"(0x[0-9a-f]+) - (0x[0-9a-f]+) is load", text):
            ranges.append((int(match.group(1), 16), int(match.group(2), 16)))
    return ranges


# ---- objects ----------------------------------------------------------------


class Object:
    def __init__(self, world, heap, pool, address, word):
        self.world, self.heap, self.pool = world, heap, pool
        self.address, self.word = address, word
        self.type = world.type_of(word)

    def state(self):
        layout, words = self.world.layout, []
        if layout.is_dying(self.word):
            words.append("dying")
        elif self.heap.is_hidden(self.pool, self.address):
            words.append("condemned")
        count = layout.count(self.word)
        if count is None:
            words.append("immortal")
        elif self.pool.realm == TRACKED:
            words.append(("young", "middle", "old")[self.generation()])
        if self.pool.realm != TRACKED:
            words.append("acyclic")
        if layout.is_trapped(self.word):
            words.append("trapped")
        words += [flag for flag in ("finalized", "frozen", "saved") if layout.has_flag(self.word, flag)]
        if layout.has_flag(self.word, "weakly"):
            words.append("weakly referenced")
        return ", ".join(words)

    def generation(self):
        offset = self.address & (ARENA_SIZE - 1)
        bits = word_at(self.pool.arena + YOUNG_BITS + (offset >> 10) * 8)
        if bits >> (self.address >> 4 & 63) & 1:
            return 0
        return 1 if self.world.layout.has_flag(self.word, "middle") else 2

    def size(self, data=None):
        if self.type.item_size == 0:
            return self.type.size
        length = word_at(self.address + self.type.length_offset)
        return self.type.size + self.type.item_size * length

    def title(self):
        count = self.world.layout.count(self.word)
        counted = "" if count is None else f"count {count}, "
        return f"{self.type.name} {self.address:#x} ({counted}{self.state()})"

    def references(self):
        """Yields (label, address) of what the object refers to, in the order of its fields."""
        data = read(self.address, min(self.size(), self.pool.step - 8))
        yield from references_in(self.type, data, 0, self.world)


def known(world, address):
    """Whether an address may be an object's, cheaply."""
    return address & 7 == 0 and address & ~(ARENA_SIZE - 1) in world.owners


def references_in(kind, data, start, world):
    for name, offset, field in kind.fields:
        at = start + offset
        if field in (REF, WEAK, BORROWED):
            target = int.from_bytes(data[at : at + 8], "little")
            if target:
                yield name + (" (borrowed)" if field == BORROWED else ""), target
        elif field == VECTOR:
            items, length = vector_in(data, at)
            if items and length:
                for index, target in enumerate(words_of(read(items, 8 * length))):
                    if target:
                        yield f"{name}[{index}]", target
        elif field == ITEMS:
            for index in range(kind.length(data, start)):
                target = int.from_bytes(data[at + 8 * index : at + 8 * index + 8], "little")
                if target:
                    yield f"{name}[{index}]", target
    for offset in kind.unnamed:
        target = int.from_bytes(data[start + offset : start + offset + 8], "little") & ~TAGS
        if known(world, target):
            other = world.object_at(target)
            if other is not None and other.address == target:
                yield f"word at {offset} (of a traverse hook)", target


def vector_in(data, at):
    """Items and length of an ouro_vector."""
    vector = gdb.lookup_type("ouro_vector").strip_typedefs()
    items = Layout.field(Layout, data[at:], vector, "items")
    return items, Layout.field(Layout, data[at:], vector, "length")


def heap_argument(world, text):
    """The heaps that a command is about: all, or the one that is named by an expression or its name."""
    if not text:
        return list(world.heaps.values())
    for heap in world.heaps.values():
        if heap.name == text:
            return [heap]
    address = int(gdb.parse_and_eval(text).cast(gdb.lookup_type("unsigned long")))
    if address in world.heaps:
        return [world.heaps[address]]
    raise Missing(f"ouro: no heap is called {text}, nor lies one at {address:#x}; see `ouro heaps`")


def object_argument(world, text):
    if not text:
        raise Missing("ouro: an expression is missing that gives an object's address")
    value = gdb.parse_and_eval(text)
    if value.type.strip_typedefs().code in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION) and value.address:
        value = value.address
    address = int(value.cast(gdb.lookup_type("unsigned long")))
    found = world.object_at(address)
    if found is None:
        raise Missing(f"ouro: no object lives at {address:#x}")
    return found, address


# ---- who refers to it -------------------------------------------------------


def referrers(world, heap, target):
    """Yields (object, label) of each reference to an address from an object of the heap.

    A pool is searched for the eight bytes of the address first: most have none and cost no more.
    """
    pattern = struct.pack("<Q", target)
    buffers = raw_places(heap, pattern)
    for pool in world.pools_of(heap):
        data = pool.data()
        hit = data.find(pattern) >= 0
        for index, kind in candidates(world, heap, pool, data, pattern, hit, buffers):
            start = 8 + index * pool.step
            entry = pool.first + index * pool.step
            for label, address in references_in(kind, data, start, world):
                if address == target:
                    word = words_of(data)[index * pool.step // 8]
                    yield Object(world, heap, pool, entry, word), label


def raw_places(heap, pattern):
    """Addresses in raw memory that hold the pattern: in vectors' items, perhaps."""
    places = []
    for pool in heap.pools((RAW,)):
        data = read(pool.first, pool.step * pool.carved)
        at = data.find(pattern)
        while at >= 0:
            places.append(pool.first + at)
            at = data.find(pattern, at + 1)
    return places


def candidates(world, heap, pool, data, pattern, hit, buffers):
    """Yields (index, type) of objects that may hold the pattern, themselves or by a vector."""
    tagged = any_hook(world)
    if not (hit or buffers or tagged):
        return
    near = set()
    at = data.find(pattern) if hit else -1
    while at >= 0:
        near.add((at - 8) // pool.step if at >= 8 else 0)
        at = data.find(pattern, at + 1)
    for index, word in heap.live(pool, data):
        kind = world.type_of(word)
        start = 8 + index * pool.step
        if index in near or kind.has_hook or (buffers and holds_buffer(kind, data, start, buffers)):
            yield index, kind


def any_hook(world):
    return any(kind.has_hook for kind in world.types.values())


def holds_buffer(kind, data, start, places):
    for _, offset, field in kind.fields:
        if field == VECTOR:
            items, length = vector_in(data, start + offset)
            if any(items <= place < items + 8 * length for place in places):
                return True
    return False


# ---- commands ---------------------------------------------------------------


class OuroCommand(gdb.Command):
    """What lives in the heaps of a program on ouro: heaps, census, object, referrers."""

    def __init__(self):
        super().__init__("ouro", gdb.COMMAND_DATA, prefix=True)


class Heaps(gdb.Command):
    """ouro heaps: the heaps of the program that have had an object, with what lives in them."""

    def __init__(self):
        super().__init__("ouro heaps", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        world = World.get()
        if not world.heaps:
            print("no heap has an arena")
        for heap in world.heaps.values():
            objects = size = 0
            for count, bytes_ in census(world, heap).values():
                objects += count
                size += bytes_
            print(f'heap {heap.address:#x} "{heap.name}": {objects} objects in {size} bytes, '
                  f"{len(heap.arenas)} arenas")


class Census(gdb.Command):
    """ouro census [HEAP]: living objects by type, with the bytes of their blocks.

    HEAP is an expression or a heap's name; all heaps without it."""

    def __init__(self):
        super().__init__("ouro census", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        world = World.get()
        total = {}
        for heap in heap_argument(world, argument.strip()):
            for kind, (count, size) in census(world, heap).items():
                before = total.get(kind, (0, 0))
                total[kind] = (before[0] + count, before[1] + size)
        print(f"{'objects':>12} {'bytes':>14}  type")
        for kind, (count, size) in sorted(total.items(), key=lambda row: (-row[1][1], row[0])):
            print(f"{count:>12} {size:>14}  {kind}")
        print(f"{sum(row[0] for row in total.values()):>12} {sum(row[1] for row in total.values()):>14}  total")


def census(world, heap):
    """{type name: (objects, bytes of their blocks)}"""
    result = {}
    shift = world.layout.type_shift
    hides = any(heap.dark.values())
    for pool in world.pools_of(heap):
        data = words_of(read(pool.first - 8, 8) if pool.large else pool.data())
        step = 1 if pool.large else pool.step // 8
        if hides:
            words = [word for _, word in heap.live(pool, data.tobytes())]
            numbers = Counter(word >> shift for word in words)
        else:
            low = 0xFFFFFFFF << world.layout.count_shift
            numbers = Counter(word >> shift for word in data[::step].tolist() if word & low)
        for number, count in numbers.items():
            name = world.type_of(number << shift).name
            before = result.get(name, (0, 0))
            result[name] = (before[0] + count, before[1] + count * pool.step)
    return result


class ObjectCommand(gdb.Command):
    """ouro object EXPRESSION: the object at, or around, an address: type, count, state, references."""

    def __init__(self):
        super().__init__("ouro object", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        world = World.get()
        found, address = object_argument(world, argument.strip())
        print(found.title())
        if address != found.address:
            print(f"  {address:#x} is {address - found.address} bytes behind its beginning")
        print(f'  {found.size()} bytes in a block of {found.pool.step}, heap "{found.heap.name}"')
        for label, target in found.references():
            other = world.object_at(target)
            print(f"  .{label} -> {other.title() if other else hex(target) + ' (no living object)'}")
        if found.type.has_hook:
            print("  its type has a traverse hook, which is not asked: words are guessed, buffers are not seen")


class Referrers(gdb.Command):
    """ouro referrers EXPRESSION: the objects of its heap that refer to an object, by field."""

    def __init__(self):
        super().__init__("ouro referrers", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        world = World.get()
        found, _ = object_argument(world, argument.strip())
        census(world, found.heap)  # so that every type is known
        known_references = 0
        for other, label in referrers(world, found.heap, found.address):
            print(f"{other.title()}  .{label}")
            known_references += "(" not in label  # neither borrowed nor guessed
        count = world.layout.count(found.word)
        if count is not None:
            outside = count - known_references
            print(f"{known_references} of {count} references; {max(outside, 0)} from elsewhere: "
                  "variables, weak maps, the heap itself")
        if any_hook(world):
            print("types with traverse hooks: words are guessed, their buffers are not seen")


# ---- pretty printer ---------------------------------------------------------


class ObjectPrinter:
    """A pointer to an object: its title, and its fields by name."""

    def __init__(self, value, found):
        self.value, self.found = value, found

    def to_string(self):
        return self.found.title()

    def children(self):
        target = self.value.type.strip_typedefs().target().strip_typedefs()
        world = self.found.world
        labels = {offset for _, offset, kind in self.found.type.fields if kind in (REF, WEAK, BORROWED)}
        if target.code == gdb.TYPE_CODE_STRUCT and target.fields():
            whole = self.value.dereference()
            for field in target.fields():
                if field.name is None:
                    continue
                if getattr(field, "bitpos", -1) // 8 in labels and not field.bitsize:
                    yield field.name, self.short(int(whole[field]))
                else:
                    yield field.name, whole[field]
        else:
            for label, address in self.found.references():
                yield label, self.short(address)

    def short(self, address):
        """One line, so that a cycle is not followed."""
        if address == 0:
            return "NULL"
        other = self.found.world.object_at(address)
        return f"{address:#x} <{other.type.name if other else 'no living object'}>"


def lookup(value):
    kind = value.type.strip_typedefs()
    if kind.code != gdb.TYPE_CODE_PTR:
        return None
    if kind.target().strip_typedefs().code not in (gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_VOID):
        return None
    try:
        address = int(value)
        if address & 7 or address < ARENA_SIZE:
            return None
        world = World.get()
        if address & ~(ARENA_SIZE - 1) not in world.owners:
            return None
        found = world.object_at(address)
    except (gdb.error, Missing):  # no library, no process, memory that is not there
        return None
    return ObjectPrinter(value, found) if found is not None and found.address == address else None


lookup.name = "ouro"  # for `info pretty-printer` and `disable pretty-printer`


def install():
    for command in (OuroCommand, Heaps, Census, ObjectCommand, Referrers):
        command()
    gdb.pretty_printers[:] = [one for one in gdb.pretty_printers if getattr(one, "name", "") != "ouro"]
    gdb.pretty_printers.append(lookup)
    for event in ("cont", "stop", "exited", "new_objfile", "clear_objfiles", "memory_changed"):
        getattr(gdb.events, event).connect(World.forget)


install()
