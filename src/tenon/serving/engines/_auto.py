"""The engine for a signature: the one asked for, or the faster one."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

import jax
import numpy as np

from tenon.base import EXTRAS, InvalidArgumentError, UnavailableError, UnimplementedError, processor_count
from tenon.saved_model import LoadedSignature
from tenon.serving.engines._blob_cache import BlobCache, blob_key
from tenon.serving.engines._choice import choose, is_tiny, with_paces
from tenon.serving.engines._conversion import convert, converter_versions
from tenon.serving.engines._engine import Engine, Shapes
from tenon.serving.engines._interpreters import Flatbuffer
from tenon.serving.engines._kind import EngineKind
from tenon.serving.engines._litert import LiteRtEngine
from tenon.serving.engines._machine import machine_features
from tenon.serving.engines._mixed import MixedEngine
from tenon.serving.engines._paces import runs_by_threads
from tenon.serving.engines._report import LITERT, RUN_SECONDS, XLA, EngineReport
from tenon.serving.engines._xla import XlaEngine, check_shapes

Samples = Sequence[Sequence[np.ndarray]]
"""Inputs of a signature, several times."""


@dataclass(frozen=True)
class EngineMaker:
    """Makes the engine for a signature.

    Args:
        kind: what to make.
        cache: keeps conversions and measurements for the next start.
        cores: of the processor, which runs of LiteRT share.
    """

    kind: EngineKind = EngineKind.AUTO
    cache: BlobCache = field(default_factory=partial(BlobCache, None))
    cores: int = field(default_factory=processor_count)

    def make(
        self,
        signature: LoadedSignature,
        weights: Sequence[jax.Array],
        digest: str,
        samples: Callable[[], Samples],
        odd: Callable[[], Samples] = tuple,
    ) -> tuple[Engine, EngineReport]:
        """Make the engine for one signature; converts, compiles and measures as needed.

        Args:
            signature: what to run.
            weights: device arrays of ``signature.variables``, in their order.
            digest: tells the model, weights included, from any other.
            samples: gives inputs to measure with, at ascending batch sizes, at least once; called only to measure.
            odd: gives further inputs on which answers must agree.

        Returns:
            The engine and why it is this one: XLA wherever LiteRT is not installed, cannot run the signature, answers
            otherwise or is slower.
        """
        xla = XlaEngine(signature, weights)
        if (reason := self._against_litert()) is not None:
            return xla, EngineReport(reason)
        identity = {"model": digest, "signature": signature.name, "versions": converter_versions()}
        convert_once = cache(partial(self._flatbuffer, signature, blob_key("litert", identity)))
        litert = cache(partial(self._litert, xla, signature, convert_once))
        key = self._report_key(identity)
        report = self._remembered(key)
        try:
            if report is None:
                report = self._measured(xla, litert, samples, odd, batched=signature.batched)
                self.cache.put(key, json.dumps(report.as_json()).encode())
            if report.name == XLA:
                return xla, report
            return litert() if report.name == LITERT else MixedEngine({XLA: xla, LITERT: litert()}, report), report
        except UnavailableError as error:  # of the converter: nothing to remember
            return xla, EngineReport(error.message)

    def _against_litert(self) -> str | None:
        """Return why LiteRT is out of the question, if it is."""
        if self.kind is EngineKind.XLA:
            return "asked for"
        if jax.default_backend() != "cpu":
            return f"the programs run on {jax.default_backend()}"
        missing = [name for name in EXTRAS["lite"] if find_spec(name) is None]
        return f"{', '.join(missing)} of the extra 'lite' is not installed" if missing else None

    def _measured(
        self,
        xla: Engine,
        litert: Callable[[], LiteRtEngine],
        samples: Callable[[], Samples],
        odd: Callable[[], Samples],
        *,
        batched: bool,
    ) -> EngineReport:
        inputs = samples()
        if self.kind is EngineKind.AUTO and is_tiny(xla, inputs):
            return EngineReport("its runs are so short that no other engine is worth having")
        start = time.perf_counter()
        try:
            other = litert()
        except UnimplementedError as error:
            return EngineReport(f"LiteRT cannot run it: {error.message}")
        seconds = time.perf_counter() - start
        asked = EngineReport("asked for", ((0, LITERT),))
        report = asked if self.kind is EngineKind.LITERT else choose(xla, other, inputs, odd())
        try:
            report = with_paces(report, other, inputs, batched=batched)
        except (UnimplementedError, RuntimeError) as error:
            report = EngineReport(f"LiteRT cannot run it: {error}")
        return replace(report, convert_seconds=seconds)

    def _litert(self, xla: Engine, signature: LoadedSignature, flatbuffer: Callable[[], bytes]) -> LiteRtEngine:
        content = flatbuffer()
        return LiteRtEngine(
            Flatbuffer.of(content, signature),
            runs_by_threads(self.cores, len(content)),
            xla.compile_and_run,
            partial(_check, signature),
        )

    def _flatbuffer(self, signature: LoadedSignature, key: str) -> bytes:
        content = self.cache.get(key)
        if content is None:
            content = convert(signature)
            self.cache.put(key, content)
        return content

    def _report_key(self, identity: Mapping[str, Any]) -> str:
        own = {"kind": self.kind, "cores": self.cores, "machine": machine_features(), "run_seconds": RUN_SECONDS}
        xla = {"jaxlib": version("jaxlib"), "flags": os.environ.get("XLA_FLAGS", "")}
        return blob_key("report", {**identity, **own, **xla})

    def _remembered(self, key: str) -> EngineReport | None:
        stored = self.cache.get(key)
        try:
            return EngineReport.from_json(json.loads(stored)) if stored else None
        except (ValueError, InvalidArgumentError):
            return None


def _check(signature: LoadedSignature, shapes: Shapes) -> None:
    """Refuse what XLA would; sizes of a batch alone need no look, and looking takes some 20 ms."""
    if any(None in spec.shape[1:] for spec in signature.inputs.values()) or any(0 in shape for shape in shapes):
        check_shapes(signature, shapes)
