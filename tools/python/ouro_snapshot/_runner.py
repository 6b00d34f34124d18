# SPDX-License-Identifier: MIT
"""Runs a script as Python itself would, and writes snapshots of it.

The script's process is to look as if nobody else were in it: so little is imported here, what is of the package
is left out of the snapshots (own.c), and the script gets a `__main__` of its own.  The snapshot at the end is
written after the script's own atexit functions, when its other threads have ended.
"""

import _signal
import atexit
import os
import sys

from . import _native

_native.own(globals(), True)

USAGE = """\
usage: python3 -m ouro_snapshot [OPTION...] SCRIPT [ARGUMENT...]
       python3 -m ouro_snapshot [OPTION...] -m MODULE [ARGUMENT...]
       python3 -m ouro_snapshot [OPTION...] -c CODE [ARGUMENT...]

Runs a Python program and writes a snapshot of all objects that live when it ends, also by an
exception or sys.exit().  `ouro snapshot census FILE` reads it.

  -o FILE          the snapshot (SCRIPT without .py, and .snapshot)
  --signal NAME    this signal writes one while the program runs, to FILE with .1, .2, ... before its
                   last suffix (SIGUSR1; "none": no signal does)
  --keep-garbage   never collect, so that the snapshot shows the cycles that only the collector frees
  --collect        collect before the snapshot at the end, so that it shows none
  --quiet          say nothing about the snapshots
  -h, --help       this text
"""

_options = None
_exception = None


def _new_options():
    # No class: its type would refer to itself, and so would be found neither living nor the writer's.
    return type(sys.implementation)(output=None, signal="SIGUSR1", keep_garbage=False, collect=False,
                                    quiet=False, process=os.getpid(), written=0)


def _refuse(sentence):
    sys.stderr.write(f"ouro_snapshot: {sentence}\nTry 'python3 -m ouro_snapshot --help'.\n")
    sys.exit(2)


def _parse(arguments):
    """Returns the options and what is left: the script, or -m or -c, and its arguments."""
    options = _new_options()
    at = 0

    def value(name):
        nonlocal at
        at += 1
        if at == len(arguments):
            _refuse(f"{name} needs a value")
        return arguments[at]

    while at < len(arguments):
        argument = arguments[at]
        if argument in ("-h", "--help"):
            sys.stdout.write(USAGE)
            sys.exit(0)
        elif argument == "-o":
            options.output = value("-o")
        elif argument == "--signal":
            options.signal = value("--signal")
        elif argument == "--keep-garbage":
            options.keep_garbage = True
        elif argument == "--collect":
            options.collect = True
        elif argument == "--quiet":
            options.quiet = True
        elif argument in ("-m", "-c", "-") or not argument.startswith("-"):
            break
        else:
            _refuse(f"there is no option {argument}")
        at += 1
    rest = arguments[at:]
    if not rest:
        _refuse("no script is named")
    if rest[0] in ("-m", "-c") and len(rest) == 1:
        _refuse(f"{rest[0]} needs a value")
    if options.keep_garbage and options.collect:
        _refuse("--keep-garbage and --collect contradict each other")
    return options, rest


def _default_output(rest):
    if rest[0] == "-m":
        name = rest[1].rpartition(".")[2]
    elif rest[0] in ("-c", "-"):
        name = "python"
    else:
        name = os.path.basename(os.path.normpath(rest[0]))
        if name.endswith((".py", ".pyc", ".pyz")):
            name = name.rpartition(".")[0]
    return name + ".snapshot"


def _check_output(path):
    """A script may run for hours: what is wrong with the file is said before."""
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        _refuse(f"there is no folder {folder!r} for the snapshot")
    if os.path.isdir(path):
        _refuse(f"{path!r} is a folder, where the snapshot would go")
    if not os.access(folder, os.W_OK):
        _refuse(f"the folder {folder!r} cannot be written")


def _signal_number(name):
    number = getattr(_signal, name.upper(), None)
    if number is None:
        number = getattr(_signal, "SIG" + name.upper(), None)
    if not isinstance(number, int) or not name.upper().lstrip("SIG"):
        _refuse(f"there is no signal {name}")
    return number


# ---- writing ------------------------------------------------------------------


def _write(path):
    """Never raises: what the writer cannot do is no affair of the script."""
    try:
        figures = _native.save(path, " ".join(map(str, sys.argv)), _exception)
    except Exception as error:
        sys.stderr.write(f"ouro_snapshot: no snapshot in {path}: {error}\n")
        return
    if not _options.quiet:
        sys.stderr.write(
            f"ouro_snapshot: {figures['objects']} objects, {figures['references']} references, "
            f"{figures['bytes'] / 1024:.0f} KiB in {path}; the program stood still for "
            f"{figures['stopped_seconds'] * 1000:.0f} ms\n")


def _write_at_signal(_number, _frame):
    if os.getpid() != _options.process:
        return
    _options.written += 1
    root, suffix = os.path.splitext(_options.output)
    _write(f"{root}.{_options.written}{suffix}")


def _write_at_end():
    if os.getpid() != _options.process:
        return  # a forked child that came to its own end
    if _options.collect:
        import gc
        gc.collect()
    _write(_options.output)


# ---- running ------------------------------------------------------------------


def _new_main():
    module = type(sys)("__main__")
    module.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = module
    return module


def _set_first_path(folder):
    """Puts the script's folder where `-m` has put the current one; with -P or -I it did not."""
    if getattr(sys.flags, "safe_path", False) or sys.flags.isolated:
        return
    sys.path[0] = folder


def _set_spec(module, spec):
    module.__spec__ = spec
    module.__loader__ = spec.loader
    module.__package__ = spec.parent
    module.__file__ = spec.origin
    module.__cached__ = spec.cached


def _load_module(name, module):
    import runpy
    _, spec, code = runpy._get_module_details(name)
    _set_spec(module, spec)
    sys.argv[0] = spec.origin
    return code


def _load_script(path, module):
    import pkgutil
    path = os.path.abspath(path)
    importer = None if os.path.isfile(path) and path.endswith((".py", ".pyc")) else pkgutil.get_importer(path)
    if importer is not None:
        import runpy
        _set_first_path(path)
        _, spec, code = runpy._get_main_module_details()
        _set_spec(module, spec)
        return code
    _set_first_path(os.path.dirname(os.path.realpath(path)))
    module.__file__ = path
    module.__cached__ = None
    with open(path, "rb") as file:
        code = pkgutil.read_code(file)
        if code is None:
            file.seek(0)
            code = compile(file.read(), path, "exec", dont_inherit=True)
    return code


def _load(rest, module):
    """Returns the code to run in the module; sys.argv and sys.path are the script's then."""
    kind = rest[0]
    if kind == "-m":
        sys.argv = ["-m", *rest[2:]]
        return _load_module(rest[1], module)
    module.__spec__ = None
    module.__loader__ = None
    module.__package__ = None
    if kind == "-c":
        sys.argv = ["-c", *rest[2:]]
        _set_first_path("")
        return compile(rest[1], "<string>", "exec", dont_inherit=True)
    sys.argv = list(rest)
    if kind == "-":
        _set_first_path("")
        return compile(sys.stdin.read(), "<stdin>", "exec", dont_inherit=True)
    return _load_script(kind, module)


def _run(rest, module):
    """Result: the status to exit with, when it is no affair of sys.exit()."""
    global _exception
    try:
        code = _load(rest, module)
    except SyntaxError as error:
        sys.excepthook(type(error), error, None)
        return 1
    except (OSError, ImportError) as error:
        sys.stderr.write(f"ouro_snapshot: cannot run {rest[1] if rest[0] == '-m' else rest[0]}: {error}\n")
        return 2
    atexit.register(_write_at_end)
    try:
        exec(code, module.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        _exception = error
        error.__traceback__ = error.__traceback__.tb_next  # without the frame of this function
    else:
        return 0
    sys.excepthook(type(_exception), _exception, _exception.__traceback__)
    return 130 if isinstance(_exception, KeyboardInterrupt) else 1


def main():
    global _options
    _options, rest = _parse(sys.argv[1:])
    if _options.output is None:
        _options.output = _default_output(rest)
    _check_output(_options.output)
    _options.output = os.path.abspath(_options.output)
    if _options.signal != "none":
        _signal.signal(_signal_number(_options.signal), _write_at_signal)
    if _options.keep_garbage:
        import gc
        gc.disable()
    status = _run(rest, _new_main())
    if status != 0:
        sys.exit(status)
