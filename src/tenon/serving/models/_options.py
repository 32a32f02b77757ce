"""How models are loaded."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tenon.serving.engines import BlobCache, EngineKind, EngineMaker
from tenon.serving.models._warmup import Warmup


@dataclass(frozen=True)
class LoadingOptions:
    """How a version of a model is loaded.

    Args:
        engine: what computes.
        cache: the directory of compiled programs that ``tenon.xla.enable_compile_cache`` returned; conversions and
            measurements are kept there too. ``None`` keeps nothing.
        warmup: which requests run before a version is AVAILABLE.
        trust_compiled: whether machine code that a model brings along (``tenon compile``) is used. It can do whatever
            this process may, so say so only of models that come from where programs come from.
        prefer_tflite: whether ``model.tflite`` is loaded where a version has both that and a SavedModel.
    """

    engine: EngineKind = EngineKind.AUTO
    cache: Path | None = None
    warmup: Warmup = field(default_factory=Warmup)
    trust_compiled: bool = False
    prefer_tflite: bool = False

    @property
    def blobs(self) -> BlobCache:
        """Where conversions and measurements are kept."""
        return BlobCache(None if self.cache is None else self.cache / "tenon")

    @property
    def engines(self) -> EngineMaker:
        """What makes engines."""
        return EngineMaker(self.engine, self.blobs)
