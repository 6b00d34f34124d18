"""mutants.py -- small faults that can be planted in a C file

Each mutant is one edit of the text: another operator, a condition that always or never holds, a
statement left out, another number, another result.  Where they can be is read off the syntax tree of
clang (Debian's python3-clang), in the bodies of functions alone.  Checks (OURO_CHECK, OURO_ASSERT) are
left as they are: they are no behaviour.  Neither is what is fetched ahead, in which a mutant is a hint.  What
is inside a macro, and which build this is, is not of the function.
"""
import re
from dataclasses import dataclass

from clang.cindex import CursorKind, Index, TypeKind

SWAPS = {
    "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"],
    "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"],
    "+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["/"],
    "&": ["|"], "|": ["&"], "^": ["|"], "<<": [">>"], ">>": ["<<"],
    "+=": ["-="], "-=": ["+="], "*=": ["/="], "/=": ["*="], "|=": ["&="], "&=": ["|="],
    "^=": ["|="], "<<=": [">>="], ">>=": ["<<="], "++": ["--"], "--": ["++"],
}
BUILD = re.compile(r"\b(?:OURO_GUARDED|OURO_IS_DEBUG_BUILD|OURO_CHECKS)\b")
MACRO = re.compile(r"[A-Z_][A-Z0-9_]*")
TRANSPARENT = (CursorKind.UNEXPOSED_EXPR, CursorKind.PAREN_EXPR, CursorKind.CSTYLE_CAST_EXPR)
BODIES = (CursorKind.COMPOUND_STMT, CursorKind.IF_STMT, CursorKind.WHILE_STMT,
          CursorKind.FOR_STMT, CursorKind.DO_STMT, CursorKind.CASE_STMT, CursorKind.DEFAULT_STMT)
EFFECTS = (CursorKind.CALL_EXPR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR)


@dataclass(frozen=True)
class Mutant:
    """Replaces text[begin:end] of a file by `new`.  The name lasts as long as the code around it."""

    path: str
    begin: int
    end: int
    new: str
    name: str
    line: int
    hint: bool = False  # the program does the same, by the language, and may take longer


def for_parsing(text):
    """The same text with hints to the compiler blotted out: what they wrap is code like any other."""
    return re.sub(r"\b(?:UN)?LIKELY(?=\()", lambda match: " " * len(match.group()), text)


def calls_in(text, names):
    """Where something of these names is called, as a list of ranges."""
    ranges = []
    for match in re.finditer(rf"\b(?:{names})\s*\(", text):
        depth, at = 1, match.end()
        while depth > 0 and at < len(text):
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        ranges.append((match.start(), at))
    return ranges


class Finder:
    """Finds the mutants of one file."""

    def __init__(self, root, path, arguments):
        self.path = path
        raw = (root / path).read_bytes()
        self.text = raw.decode()
        assert len(raw) == len(self.text), f"{path} is not plain ASCII"
        self.shown = for_parsing(self.text)
        self.checks = calls_in(self.text, "OURO_CHECK|OURO_ASSERT|_Static_assert")
        self.hints = calls_in(self.text, "__builtin_prefetch")
        self.function = ""
        self.found = []
        self.names = {}
        self.unit = Index.create().parse(str(root / path), args=arguments,
                                         unsaved_files=[(str(root / path), self.shown)])
        errors = [d for d in self.unit.diagnostics if d.severity >= 3]
        if errors:
            raise SystemExit(f"mutants.py: {path}: {errors[0]}")

    def find(self):
        """All mutants, in the order of the text."""
        for cursor in self.unit.cursor.get_children():
            if cursor.kind != CursorKind.FUNCTION_DECL or not cursor.is_definition():
                continue
            if cursor.location.file is None or not cursor.location.file.name.endswith(self.path):
                continue
            self.function = cursor.spelling
            result = cursor.result_type
            for child in cursor.get_children():
                if child.kind == CursorKind.COMPOUND_STMT:
                    self.visit(child, cursor, result)
        return sorted(self.found, key=lambda mutant: (mutant.begin, mutant.end, mutant.new))

    def add(self, begin, end, new, around=None):
        """Plants text in place of [begin, end); `around` is what the name shows of the code."""
        old = self.text[begin:end]
        if old.strip() == new.strip() or any(a < end and begin < b for a, b in self.checks):
            return
        first, last = around if around else (begin, end)
        before = " ".join(self.text[first:last].split())
        after = " ".join((self.text[first:begin] + new + self.text[end:last]).split())
        name = f"{self.path} {self.function}: {before} => {after}"
        self.names[name] = self.names.get(name, 0) + 1
        if self.names[name] > 1:
            name += f" #{self.names[name]}"
        line = self.text.count("\n", 0, begin) + 1
        hint = any(a <= begin and end <= b for a, b in self.hints)
        self.found.append(Mutant(self.path, begin, end, new, name, line, hint))

    @staticmethod
    def span(cursor):
        """Where a cursor stands in the text."""
        return cursor.extent.start.offset, cursor.extent.end.offset

    def operator_between(self, left, right):
        """The operator between two operands, with its place, or nothing inside a macro."""
        begin, end = self.span(left)[1], self.span(right)[0]
        match = re.fullmatch(r"[\s)]*([-+*/%&|^<>=!]+)[\s(]*", self.shown[begin:end])
        if match is None:
            return None
        return match.group(1), begin + match.start(1), begin + match.end(1)

    def visit(self, cursor, parent, result):
        """Plants what can be planted at one cursor, and goes on below."""
        kind, children = cursor.kind, list(cursor.get_children())
        if kind in (CursorKind.BINARY_OPERATOR, CursorKind.COMPOUND_ASSIGNMENT_OPERATOR):
            self.swap(cursor, children)
        elif kind == CursorKind.UNARY_OPERATOR:
            self.unary(cursor)
        elif kind in (CursorKind.IF_STMT, CursorKind.CONDITIONAL_OPERATOR):
            self.replace_condition(children[0], ["true", "false"], cursor)
        elif kind == CursorKind.WHILE_STMT:
            self.replace_condition(children[0], ["false"], cursor)
        elif kind == CursorKind.RETURN_STMT:
            self.other_result(cursor, children, result)
        elif kind == CursorKind.INTEGER_LITERAL:
            self.other_number(cursor, parent)
        elif kind == CursorKind.BREAK_STMT:
            self.add(*self.span(cursor), "(void)0", self.span(cursor))
        elif kind == CursorKind.CONTINUE_STMT:
            self.add(*self.span(cursor), "break", self.span(cursor))
        self.leave_out(cursor, parent)
        for child in children:
            self.visit(child, cursor, result)

    def tells_build(self, cursor):
        """Whether an operand is which build this is, or not that."""
        begin, end = self.span(cursor)
        return BUILD.fullmatch(self.text[begin:end].lstrip("!")) is not None

    def swap(self, cursor, children):
        """Another operator in its place."""
        if len(children) != 2:
            return
        place = self.operator_between(*children)
        if place is None or any(self.tells_build(child) for child in children):
            return
        for other in SWAPS.get(place[0], []):
            self.add(place[1], place[2], other, self.span(cursor))

    def unary(self, cursor):
        """No negation, or the other way round."""
        begin, end = self.span(cursor)
        if self.text[begin] == "!" and not self.tells_build(cursor):
            self.add(begin, begin + 1, "", (begin, end))
        for operator in ("++", "--"):
            if self.text.startswith(operator, begin):
                self.add(begin, begin + 2, SWAPS[operator][0], (begin, end))
            elif self.text.endswith(operator, begin, end):
                self.add(end - 2, end, SWAPS[operator][0], (begin, end))

    def replace_condition(self, condition, values, cursor):
        """It always holds, or never."""
        begin, end = self.span(condition)
        text = self.text[begin:end]
        if MACRO.fullmatch(text) or BUILD.search(text):
            return
        for value in values:
            where = "if " if cursor.kind == CursorKind.IF_STMT else ""
            self.add(begin, end, f"({value})", (begin, end))
            if where and self.found and self.found[-1].begin == begin:
                last = self.found[-1]
                name = last.name.replace(": ", ": if ", 1)
                self.found[-1] = Mutant(*{**vars(last), "name": name}.values())

    def other_result(self, cursor, children, result):
        """Returns something else."""
        if not children:
            self.add(*self.span(cursor), "(void)0", self.span(cursor))
            return
        begin, end = self.span(children[0])
        around = self.span(cursor)
        kind = result.get_canonical().kind
        text = self.text[begin:end]
        if kind == TypeKind.BOOL:
            for value in ("true", "false"):
                self.add(begin, end, value, around)
        elif text not in ("0", "NULL") and kind != TypeKind.RECORD:
            self.add(begin, end, "0", around)

    def other_number(self, cursor, parent):
        """The next number."""
        begin, end = self.span(cursor)
        match = re.fullmatch(r"(\d+)(u?)", self.text[begin:end])
        if match:
            around = self.span(parent)
            if around[1] - around[0] > 80 or around[0] > begin or around[1] < end:
                around = (begin, end)
            self.add(begin, end, f"{int(match.group(1)) + 1}{match.group(2)}", around)

    def leave_out(self, cursor, parent):
        """Statements that do something are left out."""
        inner = cursor
        while inner.kind in TRANSPARENT and len(list(inner.get_children())) >= 1:
            inner = list(inner.get_children())[-1]
        assigns = inner.kind == CursorKind.BINARY_OPERATOR and " = " in \
            self.text[slice(*self.span(inner))]
        counts = inner.kind == CursorKind.UNARY_OPERATOR
        if parent.kind not in BODIES or not (inner.kind in EFFECTS or assigns or counts):
            return
        begin, end = self.span(cursor)
        if re.match(r"\s*;", self.text[end:]):
            self.add(begin, end, "(void)0", (begin, end))


def mutants_of(root, path, arguments):
    """All mutants of a file, which is compiled with `arguments`."""
    return Finder(root, path, arguments).find()
