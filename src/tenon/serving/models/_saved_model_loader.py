"""A SavedModel becomes a servable: verified, compiled for every padded batch size, probed, ready."""

from __future__ import annotations

import logging
import time
from collections.abc import Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from tenon.saved_model import LoadedModel, LoadedSignature, read, verify
from tenon.serving.batching import BatchingParameters, BatchObserver, BatchScheduler, SignatureId, SignatureRunner
from tenon.serving.engines import Engine, Shapes, XlaEngine, weights_on_device
from tenon.serving.servables import DEFAULT_RUN_OPTIONS, Loader, RunOptions, Servable, ServableId, ServableSignature

PROBE_TOLERANCE = 1e-3
"""How much of an answer's largest value may be noise when its row is the same and the others differ."""

PROBE_SIZE = 16
"""The size that open dimensions besides the batch take in the probe."""

_log = logging.getLogger("tenon.serving")


class SavedModelServable(Servable):
    """A SavedModel whose signatures are compiled.

    Args:
        signatures: descriptions by name.
        runners: what runs them, by the same names.
    """

    def __init__(self, signatures: Mapping[str, ServableSignature], runners: Mapping[str, SignatureRunner]) -> None:
        self._signatures = signatures
        self._runners = dict(runners)

    @property
    def signatures(self) -> Mapping[str, ServableSignature]:
        """The signatures by name."""
        return self._signatures

    def run(
        self,
        signature_name: str,
        inputs: Mapping[str, np.ndarray],
        outputs: Sequence[str] | None = None,
        options: RunOptions = DEFAULT_RUN_OPTIONS,
    ) -> Coroutine[Any, Any, Mapping[str, np.ndarray]]:
        """Run a signature; see ``Servable.run``."""
        return self._runners[signature_name].run(inputs, outputs, options)

    def close(self) -> None:
        """Let go of weights and programs."""
        self._runners.clear()


class SavedModelLoader(Loader):
    """Loads one version from a directory that Tenon wrote.

    Args:
        servable_id: name and version, for the log and for errors.
        path: the SavedModel directory.
        parameters: how to batch; programs are compiled for its ``batch_sizes``.
        scheduler: gives turns to the batches of all models.
        compile_threads: programs compiled at once.
        observer: is told of every batch.
        trusted_keys: files of public keys; a model that none of them signed as it is ends with the reason. They are
            read anew for every load. ``None`` asks for no signature.
    """

    def __init__(
        self,
        servable_id: ServableId,
        path: Path,
        parameters: BatchingParameters,
        scheduler: BatchScheduler,
        compile_threads: int = 2,
        trusted_keys: Sequence[Path] | None = None,
        observer: BatchObserver | None = None,
    ) -> None:
        self._id, self._path, self._parameters = servable_id, path, parameters
        self._trusted_keys = trusted_keys
        self._scheduler, self._compile_threads, self._observer = scheduler, compile_threads, observer

    def load(self) -> SavedModelServable:
        """Verify, compile and probe the model; see ``Loader.load``.

        Raises:
            NotFoundError: there is no such directory.
            PermissionDeniedError: a file may not be read.
            DataLossError: the directory is damaged, half copied or not Tenon's; the message names the file.
            TenonError: what ``tenon.saved_model.verify`` raises, where keys are asked for.
        """
        if self._trusted_keys is not None:
            signed = verify(self._path, self._trusted_keys)
            _log.info("%s: signed with key %s.", self._id, signed.key_id)
        model = read(self._path)
        dtypes = {
            name: dtype
            for signature in model.signatures.values()
            for name, dtype in zip(signature.variables, signature.variable_dtypes, strict=True)
        }
        weights = weights_on_device({name: model.variables[name] for name in dtypes}, dtypes)
        runners = {}
        for name, signature in model.signatures.items():
            engine = XlaEngine(signature, [weights[variable] for variable in signature.variables])
            runners[name] = self._prepared(name, signature, engine)
        return SavedModelServable(_descriptions(model), runners)

    def _prepared(self, name: str, signature: LoadedSignature, engine: Engine) -> SignatureRunner:
        label = SignatureId(self._id, name)
        start = time.perf_counter()
        sizes = self._parameters.batch_sizes if signature.batched else ()
        shapes = [found for size in sizes or (1,) if (found := concrete_shapes(signature, size)) is not None]
        with ThreadPoolExecutor(self._compile_threads, "tenon-compile") as pool:
            list(pool.map(engine.prepare, shapes))
        if not shapes:
            _log.warning("%s: has open dimensions besides the batch; the first request of a size compiles.", label)
        if sizes and not rows_are_independent(signature, engine, sizes[-1]):
            _log.warning("%s: its rows depend on each other, so requests are never batched together.", label)
            sizes = ()
        if signature.written:
            _log.warning(
                "%s: assigns the variables %s; a server keeps weights as they were saved, so that every request finds "
                "the saved values.",
                label,
                list(signature.written),
            )
        _log.info("%s: compiled for batch sizes %s in %.2f s.", label, sizes, time.perf_counter() - start)
        return SignatureRunner(label, signature, engine, sizes, self._scheduler, self._parameters, self._observer)


def rows_are_independent(signature: LoadedSignature, engine: Engine, size: int) -> bool:
    """Probe whether a row's answer ignores the other rows, which batching and padding rely on.

    The same program runs twice on random rows that differ everywhere but in the first; the first answer must be the
    same but for the noise of sums taken in another order. Models that mix rows (batch statistics, attention over the
    batch) are told apart by it: what other rows do to an answer is larger than that noise.
    """
    shapes = concrete_shapes(signature, size, PROBE_SIZE)
    if size == 1 or shapes is None:
        return True
    generator = np.random.default_rng(0)
    one = [_random(generator, shape, dtype) for shape, dtype in zip(shapes, signature.argument_dtypes, strict=True)]
    other = [_random(generator, array.shape, array.dtype) for array in one]
    for first, second in zip(one, other, strict=True):
        second[0] = first[0]
    try:
        answers = [_run(engine, shapes, arrays) for arrays in (one, other)]
    except Exception:  # whatever the compiler says to a size that the model cannot take; the safe answer is no
        _log.warning("signature %r cannot be probed with inputs of shapes %s.", signature.name, shapes, exc_info=True)
        return False
    return all(_same(a[0], b[0]) for a, b in zip(*answers, strict=True))


def _run(engine: Engine, shapes: Shapes, arrays: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
    program = engine.find(shapes)
    return engine.compile_and_run(arrays) if program is None else program(arrays)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    if one.dtype.kind in "iub":
        return np.array_equal(one, other)
    one, other = one.astype(np.complex128), other.astype(np.complex128)
    scale = float(np.abs(one[np.isfinite(one)]).max(initial=0.0))
    return np.allclose(one, other, rtol=0.0, atol=PROBE_TOLERANCE * scale, equal_nan=True)


def _random(generator: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if dtype.kind in "iub":
        return generator.integers(0, 2, shape).astype(dtype)
    return generator.standard_normal(shape).astype(dtype)


def concrete_shapes(signature: LoadedSignature, batch: int, open_size: int | None = None) -> Shapes | None:
    """Return the inputs' shapes at a batch size, with ``open_size`` for the other open dimensions.

    ``None`` where there are others and no size for them.
    """
    shapes = []
    for spec in signature.inputs.values():
        sizes = [(open_size if axis else batch) if size is None else size for axis, size in enumerate(spec.shape)]
        shapes.append(tuple(size for size in sizes if size is not None))
        if len(shapes[-1]) < spec.rank:
            return None
    return tuple(shapes)


def _descriptions(model: LoadedModel) -> dict[str, ServableSignature]:
    return {
        name: ServableSignature(signature.inputs, signature.outputs, signature.definition)
        for name, signature in model.signatures.items()
    }
