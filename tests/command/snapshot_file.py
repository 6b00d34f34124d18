# SPDX-License-Identifier: MIT
"""Writes snapshot files in Python alone, from docs/snapshot-format.md.

It shares no line with libouro-snapshot, so that a test knows what is in a file without asking the library.  Frames
of zstd are made of raw blocks (RFC 8878, 3.1.1.2), with the checksum that the format asks for.
"""

import struct

MASK = (1 << 64) - 1
P1, P2, P3, P4, P5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
                      0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)

STRINGS, NOTES, TYPES, LABELS, OBJECTS, EDGES, ROOTS = range(1, 8)
SITES, FRAMES, END, KINDS = 9, 10, 15, 14
FIELD, ITEM, KEY, KEYS, INTERNAL, EPHEMERON, WEAK, BORROWED = range(8)
NAMED, OUTSIDE, IMMORTAL, FRAME = range(4)
IS_IMMORTAL, COUNT_IS_EXACT = 4, 64


def _rotate(value, bits):
    return ((value << bits) | (value >> (64 - bits))) & MASK


def _round(accumulator, lane):
    return (_rotate((accumulator + lane * P2) & MASK, 31) * P1) & MASK


def xxh64(data):
    """XXH64 with seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md)."""
    at = 0
    if len(data) >= 32:
        lanes = [(P1 + P2) & MASK, P2, 0, -P1 & MASK]
        while len(data) - at >= 32:
            for i, lane in enumerate(struct.unpack_from("<4Q", data, at)):
                lanes[i] = _round(lanes[i], lane)
            at += 32
        result = sum(_rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            result = ((result ^ _round(0, lane)) * P1 + P4) & MASK
    else:
        result = P5
    result = (result + len(data)) & MASK
    while len(data) - at >= 8:
        result ^= _round(0, struct.unpack_from("<Q", data, at)[0])
        result = (_rotate(result, 27) * P1 + P4) & MASK
        at += 8
    if len(data) - at >= 4:
        result ^= (struct.unpack_from("<I", data, at)[0] * P1) & MASK
        result = (_rotate(result, 23) * P2 + P3) & MASK
        at += 4
    for byte in data[at:]:
        result = (_rotate(result ^ (byte * P5 & MASK), 11) * P1) & MASK
    result = ((result ^ (result >> 33)) * P2) & MASK
    result = ((result ^ (result >> 29)) * P3) & MASK
    return result ^ (result >> 32)


def _frame(data):
    """One zstd frame: single segment, content size of 4 bytes, checksum."""
    made = struct.pack("<IBI", 0xFD2FB528, 0xA4, len(data))
    blocks = [data[i:i + 65536] for i in range(0, len(data), 65536)] or [b""]
    for i, block in enumerate(blocks):
        header = len(block) << 3 | (i == len(blocks) - 1)
        made += struct.pack("<I", header)[:3] + block
    return made + struct.pack("<I", xxh64(data) & 0xFFFFFFFF)


def _chunk(kind, rows, data):
    packed = _frame(data)
    return struct.pack("<4I", kind, rows, len(data), len(packed)) + packed


def _columns(kinds, rows):
    """The values of all rows, column by column."""
    return b"".join(struct.pack(f"<{len(rows)}{kind}", *(row[i] for row in rows))
                    for i, kind in enumerate(kinds))


class Names:
    """Numbers of strings, in the order in which they were first asked for."""

    def __init__(self):
        self.numbers = {"": 0}

    def __call__(self, text):
        return self.numbers.setdefault(text, len(self.numbers))


def snapshot_bytes(objects, roots, notes=(), sites=()):
    """The file of a heap.

    objects: dicts with address, size, type (a name), count, flags, text, site and edges: (target address, kind, name, index)
    roots: (address, kind, name, references)
    sites: (frames, live objects, live bytes, objects, bytes, peak bytes), from site 1 on; frames: (pc, offset, module, function, file,
    line)
    """
    names = Names()
    types, labels = {}, {(INTERNAL, ""): 0}
    rows, edges = [], []
    before = 0
    for one in objects:
        number = types.setdefault(one["type"], len(types))
        rows.append(((one["address"] - before) & MASK, one["size"], number, one["count"],
                     names(one.get("text", "")), one.get("site", 0), one["flags"], len(one["edges"])))
        before = one["address"]
        for target, kind, name, index in one["edges"]:
            label = labels.setdefault((kind, name), len(labels))
            edges.append(((target - one["address"]) & MASK, label, index))
    root_rows = [(address, kind, names(name), count) for address, kind, name, count in roots]
    note_rows = [(names(key), names(value)) for key, value in notes]
    site_rows = [(len(site[0]), *site[1:]) for site in sites]
    frame_rows = [(pc, offset, *map(names, places), line)
                  for site in sites for pc, offset, *places, line in site[0]]
    type_rows = [(names(name), 1, 16) for name in types]
    label_rows = [(kind, names(name)) for kind, name in list(labels)[1:]]
    strings = [text.encode() for text in list(names.numbers)[1:]]
    counts = [0] * KINDS
    body = b""

    def add(kind, columns, added):
        nonlocal body
        counts[kind - 1] = len(added)
        if added:
            body += _chunk(kind, len(added), _columns(columns, added))

    counts[STRINGS - 1] = len(strings)
    if strings:
        body += _chunk(STRINGS, len(strings),
                       struct.pack(f"<{len(strings)}I", *map(len, strings)) + b"".join(strings))
    add(NOTES, "II", note_rows)
    add(TYPES, "IIQ", type_rows)
    add(LABELS, "II", label_rows)
    add(SITES, "IQQQQQ", site_rows)
    add(FRAMES, "QQIIII", frame_rows)
    add(OBJECTS, "QQIIIIBI", rows)
    add(EDGES, "QII", edges)
    add(ROOTS, "QIII", root_rows)
    end = _chunk(END, KINDS, struct.pack(f"<{KINDS}Q", *counts))
    return b"ouro snapshot\n" + struct.pack("<H", 1) + body + end
