"""TensorFlow is imported once, in .venv-interop; every program that is asked for runs in a fork of that process.

A request is a line of JSON on standard input: ``command`` as Python takes it (``-c TEXT``, ``-m MODULE`` or a file, and
arguments), and the files ``out`` and ``err`` to print to. The answer is a line with the program's exit status.
"""

import json
import os
import runpy
import sys
import types
from pathlib import Path

import tensorflow  # noqa: F401  # what all forks share

THREADS = Path("/proc/self/task")


def main():
    assert len([*THREADS.iterdir()]) == 1, "a process with threads cannot be forked"
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            become(**request)
            return  # and end as any program does
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(command, out, err):
    """Run a program here, as if Python had been started for it."""
    for place, path in enumerate((os.devnull, out, err)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), place)
    sys.path.insert(0, str(Path.cwd()))
    kind, sys.argv = command[0], command[1:]
    if kind == "-c":
        run_text(command[1])
    elif kind == "-m":
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = command
        runpy.run_path(kind, run_name="__main__")


def run_text(text):
    sys.modules["__main__"] = module = types.ModuleType("__main__")
    exec(compile(text, "<string>", "exec"), module.__dict__)


if __name__ == "__main__":
    main()
