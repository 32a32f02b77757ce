"""What computes: one signature's program, compiled or interpreted, for concrete shapes."""

from tenon.serving.engines._engine import Engine, Program, Shapes
from tenon.serving.engines._xla import CompiledProgram, XlaEngine, weights_on_device

__all__ = [
    "CompiledProgram",
    "Engine",
    "Program",
    "Shapes",
    "XlaEngine",
    "weights_on_device",
]
