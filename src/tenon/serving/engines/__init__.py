"""What computes: one signature's program, compiled by XLA or interpreted by LiteRT, for concrete shapes.

``EngineMaker`` measures and chooses; ``Engine`` is what everybody else knows of the result.
"""

from tenon.serving.engines._agreement import agree, largest_difference
from tenon.serving.engines._auto import EngineKind, EngineMaker, Samples
from tenon.serving.engines._blob_cache import BlobCache, blob_key
from tenon.serving.engines._choice import measure_alone
from tenon.serving.engines._engine import Engine, Program, Shapes
from tenon.serving.engines._litert import Flatbuffer, LiteRtEngine
from tenon.serving.engines._machine import machine_features
from tenon.serving.engines._report import EngineReport, Measurement
from tenon.serving.engines._xla import XlaEngine, weights_on_device

__all__ = [
    "BlobCache",
    "Engine",
    "EngineKind",
    "EngineMaker",
    "EngineReport",
    "Flatbuffer",
    "LiteRtEngine",
    "Measurement",
    "Program",
    "Samples",
    "Shapes",
    "XlaEngine",
    "agree",
    "blob_key",
    "largest_difference",
    "machine_features",
    "measure_alone",
    "weights_on_device",
]
