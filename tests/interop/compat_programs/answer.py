"""Run programs with one library: `python -m tests.interop.compat_programs.answer tensorflow OUT training pieces`."""

from __future__ import annotations

import importlib
import pickle
import sys
import traceback
from pathlib import Path

from tests.interop.guides._results import SectionsFailedError


def answer(tf, topic):
    try:
        return {"results": importlib.import_module(f"tests.interop.compat_programs.{topic}").run(tf), "error": None}
    except SectionsFailedError as failure:
        return {"results": failure.results, "error": traceback.format_exc()}


def main(library, path, *topics):
    tf = importlib.import_module(f"{library}.compat.v1")
    tf.disable_v2_behavior()
    Path(path).write_bytes(pickle.dumps({topic: answer(tf, topic) for topic in topics}))


if __name__ == "__main__":
    main(*sys.argv[1:])
