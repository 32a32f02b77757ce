"""How models are loaded."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tenon.base import processor_count
from tenon.saved_model import verify
from tenon.serving.batching import Batching, BatchingParameters
from tenon.serving.engines import BlobCache, EngineKind, EngineMaker
from tenon.serving.models._warmup import Warmup
from tenon.xla import compile_cache_directory

_log = logging.getLogger("tenon.serving")


@dataclass(frozen=True)
class LoadingOptions:
    """How a version of a model is loaded.

    Args:
        engine: what computes.
        cache: the directory of compiled programs, by default the one that ``tenon.xla.enable_compile_cache`` set;
            conversions and measurements are kept there too. ``None`` keeps nothing.
        warmup: which requests run before a version is AVAILABLE.
        trusted_keys: files of public keys; a model that none of them signed as it is ends with the reason. They are
            read anew for every load. ``None`` asks for no signature.
        trust_compiled: whether machine code that an unsigned model brings along (``tenon compile``) is used. It can do
            whatever this process may, so say so only of models that come from where programs come from.
        tflite_interpreters: runs at once of a TFLite model (``num_tflite_pools``), which share ``cores``; 0 lets a
            measurement choose.
        prefer_tflite: whether ``model.tflite`` is loaded where a version has both that and a SavedModel.
        cores: processors that runs share, so that no run of LiteRT uses more threads.
        read_batching: returns how the requests of a version are batched, from what stands in its directory; ``None``
            where all models are batched alike.
    """

    engine: EngineKind = EngineKind.AUTO
    cache: Path | None = field(default_factory=compile_cache_directory)
    warmup: Warmup = field(default_factory=Warmup)
    trusted_keys: Sequence[Path] | None = None
    trust_compiled: bool = False
    tflite_interpreters: int = 0
    prefer_tflite: bool = False
    cores: int = field(default_factory=processor_count)
    read_batching: Callable[[Path], BatchingParameters] | None = None

    @property
    def uses_compiled(self) -> bool:
        """Whether machine code in a model that was loaded with these options may run."""
        return self.trust_compiled or self.trusted_keys is not None

    @property
    def blobs(self) -> BlobCache:
        """Where conversions and measurements are kept."""
        return BlobCache(None if self.cache is None else self.cache / "tenon")

    @property
    def engines(self) -> EngineMaker:
        """What makes engines."""
        return EngineMaker(self.engine, self.blobs, self.cores)


def batching_of(path: Path, batching: Batching, options: LoadingOptions) -> Batching:
    """Return how the requests of one version are batched.

    Args:
        path: the version's directory.
        batching: how those of all models are.
        options: whether versions have parameters of their own.

    Raises:
        TenonError: the version's parameters cannot be read, or break a rule.
    """
    if options.read_batching is None:
        return batching
    return replace(batching, parameters=options.read_batching(path))


def check_signature(path: Path, options: LoadingOptions, label: str) -> None:
    """Refuse a version that no trusted key signed as it is, where keys are asked for.

    Args:
        path: the version's directory.
        options: the keys.
        label: what to call the version in the log.

    Raises:
        TenonError: what ``tenon.saved_model.verify`` raises.
    """
    if options.trusted_keys is not None:
        signed = verify(path, options.trusted_keys)
        _log.info("%s: signed with key %s.", label, signed.key_id)
