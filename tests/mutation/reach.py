"""reach.py -- which functions of the library a test program enters

The library is built once more, with reach.c, which writes down where functions begin that are entered.  A program
that never enters a function cannot notice a fault in it.  What is not certain counts as entered: all, by a program
that fails with this library; a function that has no address of its own, by every program.
"""
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FLAGS = ["-O1", "-fPIC", "-w", "-g0"]


def build(root, sources, language, folder, key):
    """Builds the library into a folder, if what is there was not built of the same, as `key` says."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "key").exists() and (folder / "key").read_text() == key:
        return
    (folder / "key").unlink(missing_ok=True)
    objects = []
    for source in sources:
        objects.append(folder / str(source).replace("/", "_").replace(".c", ".o"))
        subprocess.run(["gcc", *FLAGS, "-finstrument-functions", *language, "-c", root / source, "-o", objects[-1]],
                       check=True)
    subprocess.run(["gcc", *FLAGS, "-shared", "-Wl,-soname,libouro_mutant.so", "-o", folder / "libouro_mutant.so",
                    HERE / "reach.c", *objects, "-pthread"], check=True)
    functions = {}
    for line in subprocess.run(["nm", "--defined-only", folder / "libouro_mutant.so"], check=True,
                               capture_output=True, text=True).stdout.splitlines():
        address, kind, name = line.split()
        if kind in "tT":
            functions.setdefault(int(address, 16), set()).add(name.split(".")[0])
    (folder / "functions").write_text("".join(f"{address} {name}\n" for address, names in sorted(functions.items())
                                              for name in sorted(names)))
    (folder / "key").write_text(key)


def avoided_by(run, folder):
    """The functions that a program does not enter; `run(environment)` runs it with the library of the folder."""
    with tempfile.NamedTemporaryFile() as entered:
        entered.truncate((folder / "libouro_mutant.so").stat().st_size)
        if run({"OURO_REACHED": entered.name}) is None:
            return []
        marks = Path(entered.name).read_bytes()
    functions = {}
    for line in (folder / "functions").read_text().splitlines():
        address, name = line.split()
        functions[name] = functions.get(name, False) or marks[int(address)] != 0
    return sorted(name for name, is_entered in functions.items() if not is_entered)
