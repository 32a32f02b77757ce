"""What computes: one signature's program, compiled or interpreted, for concrete shapes."""

from tenon.serving.engines._xla import CompiledProgram, Shapes, XlaEngine, weights_on_device

__all__ = [
    "CompiledProgram",
    "Shapes",
    "XlaEngine",
    "weights_on_device",
]
