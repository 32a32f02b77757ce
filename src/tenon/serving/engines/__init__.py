"""What computes: one signature's program, compiled by XLA or interpreted by LiteRT, for concrete shapes.

``EngineMaker`` measures and chooses; ``Engine`` is what everybody else knows of the result.

What needs JAX loads when it is first used: who only reads options needs none.
"""

import importlib
import typing

from tenon.serving.engines._agreement import agree, largest_difference
from tenon.serving.engines._blob_cache import BlobCache, blob_key
from tenon.serving.engines._engine import Engine, Program, Shapes
from tenon.serving.engines._kind import EngineKind
from tenon.serving.engines._machine import machine_features
from tenon.serving.engines._report import RUN_SECONDS, EngineReport, Measurement, Pace

if typing.TYPE_CHECKING:
    from tenon.serving.engines._auto import EngineMaker, Samples
    from tenon.serving.engines._choice import with_paces
    from tenon.serving.engines._interpreters import Flatbuffer
    from tenon.serving.engines._litert import LiteRtEngine
    from tenon.serving.engines._paces import runs_by_threads
    from tenon.serving.engines._xla import XlaEngine, weights_on_device

__all__ = [
    "RUN_SECONDS",
    "BlobCache",
    "Engine",
    "EngineKind",
    "EngineMaker",
    "EngineReport",
    "Flatbuffer",
    "LiteRtEngine",
    "Measurement",
    "Pace",
    "Program",
    "Samples",
    "Shapes",
    "XlaEngine",
    "agree",
    "blob_key",
    "largest_difference",
    "machine_features",
    "runs_by_threads",
    "weights_on_device",
    "with_paces",
]

_LATER = {
    "_auto": ("EngineMaker", "Samples"),
    "_choice": ("with_paces",),
    "_interpreters": ("Flatbuffer",),
    "_litert": ("LiteRtEngine",),
    "_paces": ("runs_by_threads",),
    "_xla": ("XlaEngine", "weights_on_device"),
}


def __getattr__(name: str) -> typing.Any:
    for part, names in _LATER.items():
        if name in names:
            value = getattr(importlib.import_module(f"tenon.serving.engines.{part}"), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
