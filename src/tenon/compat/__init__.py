"""Programs written for TensorFlow 1: graphs that are built first and run in sessions.

    code -> operations of a graph -> Session.run(fetches, feeds) -> needed operations -> one compiled program

While a graph is built, every function of ``tf`` adds an operation and returns a symbolic tensor. An operation is a
call of the very function that eager code calls: to run it, a session calls that function inside a program that is
compiled once for the fetches, feeds and shapes.

>>> with Graph().as_default(), Session() as session:
...     x = V1["placeholder"]("float32", [None])
...     session.run(x * 2.0, {x: [1.0, 2.0]}).tolist()
[2.0, 4.0]
"""

import importlib
from types import ModuleType as _ModuleType

from tenon.compat._absent import ABSENT
from tenon.compat._dimension import dimension_at_index, dimension_value
from tenon.compat._graph import Graph
from tenon.compat._graph_aware import GRAPH_AWARE, graph_aware_name
from tenon.compat._session import Session
from tenon.compat._text import as_bytes, as_str, as_str_any, as_text, path_to_str
from tenon.compat._v1_names import V1

__all__ = [
    "ABSENT",
    "GRAPH_AWARE",
    "V1",
    "Graph",
    "Session",
    "as_bytes",
    "as_str",
    "as_str_any",
    "as_text",
    "dimension_at_index",
    "dimension_value",
    "graph_aware_name",
    "path_to_str",
]


def __getattr__(name: str) -> _ModuleType:
    if name == "v1":  # a namespace that the front door assembles
        return importlib.import_module(f"{__name__}.v1")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
