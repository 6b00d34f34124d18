#!/usr/bin/env python3
"""Holds every include to the floors of the house (floors.txt).

In src/, a file includes its own room or a lower floor.  The public headers
include each other and nothing else of ours.  What stands above the library
uses it through the public headers alone, of which ouro/detail.h and ouro/guarded.h are
ouro.h's own; the tests that look inside are excepted.

usage: check_floors.py [ROOT]
"""

import re
import sys
from pathlib import Path

# Folders that see the public headers alone.
OUTSIDE = ["command", "snapshot", "tools", "examples", "bench", "tests/conformance", "tests/contract",
           "tests/install", "tests/header"]
# What public headers and the rooms may include of these.
PUBLIC = ["ouro/ouro.h", "ouro/detail.h", "ouro/events.h", "ouro/graph.h", "ouro/guarded.h",
          "ouro/inspect.h", "ouro/published.h", "ouro/trace.h", "ouro/weak_map.h"]
# Parts of ouro.h, which nobody includes but itself.
INNER = ["ouro/detail.h", "ouro/guarded.h"]
SUFFIXES = {".c", ".h", ".cc", ".cpp", ".hpp"}
INCLUDE = re.compile(r'\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def read_floors(path):
    """Returns {room: floor}, or raises ValueError with file:line."""
    floors = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.split("#")[0].split()
        if not words:
            continue
        if len(words) != 2 or not words[0].isdigit():
            raise ValueError(f"{path.name}:{number}: write a floor's number and a room's name")
        if words[1] in floors:
            raise ValueError(f"{path.name}:{number}: room {words[1]} is listed twice")
        floors[words[1]] = int(words[0])
    return floors


def includes_of(path):
    """Yields (line number, name, whether quoted) for the includes of a file."""
    def blank(match):
        text = match.group()
        return text if text.startswith('"') else re.sub(r"[^\n]", " ", text)

    text = COMMENT_OR_STRING.sub(blank, path.read_text(encoding="utf-8", errors="replace"))
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1) or match.group(2), match.group(1) is not None


def sources_below(folder):
    """The C and C++ files of a folder, in a stable order."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)


def check_inside(root, path, floors):
    """Yields (line, complaint) for one file of src/."""
    place = path.relative_to(root / "src")
    own = place.parts[0]
    if len(place.parts) == 1:
        yield 1, "lies in no room; move it into a folder of src/ that floors.txt lists"
        return
    if own not in floors:
        yield 1, f"lies in the room '{own}', which floors.txt does not list; give it a floor"
        return
    for line, name, quoted in includes_of(path):
        room = name.split("/")[0]
        if room == "ouro":
            if name not in PUBLIC:
                yield line, f"includes '{name}', which is no public header; write <ouro/ouro.h>"
        elif room in floors and "/" in name:
            if room != own and floors[room] > floors[own]:
                yield line, (
                    f"includes '{name}' of floor {floors[room]} ({room}) from floor {floors[own]} "
                    f"({own}), which is upwards; let {room} call down instead, by a function "
                    f"pointer or by moving what is shared to floor {floors[own]} or lower")
            elif room != own and floors[room] == floors[own]:
                yield line, (
                    f"includes '{name}' of the neighbour {room}, also on floor {floors[own]}; rooms "
                    f"of one floor do not know each other: move what they share to a lower floor")
            elif not quoted:
                yield line, f'includes <{name}>; write "{name}", since it is ours'
            elif not (root / "src" / name).is_file():
                yield line, f"includes '{name}', which does not exist in src/"
        elif quoted:
            yield line, (
                f"includes '{name}', which is in no room of floors.txt; write \"room/file.h\", "
                "relative to src/, or <...> for the system's")


def check_public(path, floors):
    """Yields (line, complaint) for one public header."""
    for line, name, quoted in includes_of(path):
        room = name.split("/")[0]
        if name in PUBLIC:
            continue
        if quoted or room == "ouro" or (room in floors and "/" in name):
            yield line, (
                f"includes '{name}'; a public header includes the system's headers, <ouro/ouro.h> "
                "and its parts, for nothing else is installed")


def check_outside(root, path, floors):
    """Yields (line, complaint) for one file that may see the public headers alone."""
    for line, name, quoted in includes_of(path):
        if name.startswith("ouro/") and name not in INNER and (root / "include" / name).is_file():
            continue
        room = name.split("/")[0]
        ours = room == "ouro" or (room in floors and "/" in name)
        if quoted:
            target = (path.parent / name).resolve()
            if target.is_file():
                ours = any(target.is_relative_to((root / private).resolve())
                           for private in ("src", "include"))
        if ours:
            yield line, (
                f"includes '{name}'; what stands above the library sees its public headers alone: "
                "use a public function, or propose one")


def check(root):
    """Returns the complaints about a tree, each as file:line: text."""
    try:
        floors = read_floors(root / "floors.txt")
    except (OSError, ValueError) as error:
        return [f"{error}"]
    complaints = []

    def note(path, found):
        for line, text in found:
            complaints.append(f"{path.relative_to(root)}:{line}: {text}")

    for path in sources_below(root / "src"):
        note(path, check_inside(root, path, floors))
    for path in sources_below(root / "include"):
        note(path, check_public(path, floors))
    for folder in OUTSIDE:
        for path in sources_below(root / folder):
            note(path, check_outside(root, path, floors))
    return complaints


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    complaints = check(root)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
