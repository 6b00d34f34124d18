#!/usr/bin/env python3
"""Checks that the relative links of all Markdown pages lead somewhere.

A link names an existing file or folder of the tree, and what follows # is a
heading (or an HTML anchor) of that page.  Links to the web are not followed.

usage: check_links.py [ROOT]
"""

import os
import re
import sys
import urllib.parse
from pathlib import Path

FENCE = re.compile(r"\s{0,3}(```+|~~~+)")
INLINE_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")
LINK = re.compile(r"\[(?:[^\[\]]|\[[^\[\]]*\]|!\[[^\]]*\]\([^)]*\))*\]"
                  r"\(\s*(<[^>]*>|[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+[\"'(].*?)?\s*\)")
REFERENCE = re.compile(r"\s{0,3}\[[^\]]+\]:\s*(<[^>]*>|\S+)")
HTML_LINK = re.compile(r"<(?:a|img)\b[^>]*?\b(?:href|src)\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
HTML_ANCHOR = re.compile(r"\b(?:id|name)\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
HEADING = re.compile(r"\s{0,3}#{1,6}\s+(.*?)\s*#*\s*$")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
SKIPPED_FOLDERS = {".git", "build", "node_modules"}


def prose_lines(text):
    """Yields (number, line) outside fenced code."""
    fence = None
    for number, line in enumerate(text.splitlines(), 1):
        match = FENCE.match(line)
        if fence is None and match:
            fence = match.group(1)
        elif fence is not None:
            if match and match.group(1).startswith(fence) and line.strip() == match.group(1):
                fence = None
        else:
            yield number, line


def slug(heading):
    """The anchor that a heading gets, as the common Markdown hosts make it."""
    heading = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    heading = re.sub(r"<[^>]*>", "", heading).replace("`", "").lower()
    heading = re.sub(r"(?<!\w)[*_]+|[*_]+(?!\w)", "", heading)
    return re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def anchors(page):
    """All anchors of a page."""
    found, seen = set(), {}
    text = page.read_text(encoding="utf-8", errors="replace")
    for _, line in prose_lines(text):
        found.update(HTML_ANCHOR.findall(line))
        match = HEADING.match(line)
        if match:
            name = slug(match.group(1))
            count = seen.get(name, 0)
            seen[name] = count + 1
            found.add(name if count == 0 else f"{name}-{count}")
    return found


def links(page):
    """Yields (line number, target) for the links of a page."""
    text = page.read_text(encoding="utf-8", errors="replace")
    for number, line in prose_lines(text):
        line = INLINE_CODE.sub(lambda match: "x" * len(match.group()), line)
        for pattern in (LINK, HTML_LINK):
            for target in pattern.findall(line):
                yield number, target.strip("<>")
        match = REFERENCE.match(line)
        if match:
            yield number, match.group(1).strip("<>")


def pages(root):
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = sorted(name for name in subfolders if name not in SKIPPED_FOLDERS)
        for name in sorted(names):
            if name.endswith(".md"):
                yield Path(folder) / name


def check(root):
    """Returns the complaints about a tree, each as file:line: text."""
    complaints = []
    known = {}
    for page in pages(root):
        for line, target in links(page):
            if not target or SCHEME.match(target):
                continue
            where = f"{page.relative_to(root)}:{line}"
            path, _, anchor = target.partition("#")
            path = urllib.parse.unquote(path.split("?")[0])
            anchor = urllib.parse.unquote(anchor)
            base = root if path.startswith("/") else page.parent
            file = (base / path.lstrip("/")).resolve() if path else page
            if not file.is_relative_to(root):
                complaints.append(f"{where}: the link '{target}' leaves the tree")
            elif not file.exists():
                complaints.append(f"{where}: the link '{target}' leads nowhere: there is no "
                                  f"{file.relative_to(root)}")
            elif anchor and file.suffix == ".md":
                if file not in known:
                    known[file] = anchors(file)
                if anchor not in known[file]:
                    complaints.append(f"{where}: the link '{target}' leads nowhere: "
                                      f"{file.relative_to(root)} has no heading #{anchor}")
    return complaints


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    complaints = check(root)
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
