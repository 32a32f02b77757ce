"""Run topics with one library and write what they computed: `python -m tests.interop.guides.answer tensorflow OUT a b`.

The file is a pickle of `{topic: {"results": ..., "error": traceback or None, "seconds": ...}}`; the results of a topic
that failed in part are those of its other sections.
"""

from __future__ import annotations

import importlib
import pickle
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType

from tests.interop.guides._results import SectionsFailedError


def answer(tf: ModuleType, topic: str) -> dict[str, object]:
    """Run one topic; what it raises is part of the answer, so that the other topics stand."""
    start = time.perf_counter()
    results, error = {}, None
    try:
        results = importlib.import_module(f"tests.interop.guides.{topic}").run(tf)
    except SectionsFailedError as failure:
        results, error = failure.results, traceback.format_exc()
    except Exception:
        error = traceback.format_exc()
    return {"results": results, "error": error, "seconds": time.perf_counter() - start}


def main(library: str, path: str, *topics: str) -> None:
    tf = importlib.import_module(library)
    answers = {topic: answer(tf, topic) for topic in topics}
    Path(path).write_bytes(pickle.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
