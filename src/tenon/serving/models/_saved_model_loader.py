"""A SavedModel becomes a servable: verified, compiled for every padded batch size, probed, warmed up."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tenon.saved_model import LoadedModel, LoadedSignature, read
from tenon.serving.batching import Batching, BatchingParameters, RunPlan, SignatureId, SignatureRunner
from tenon.serving.engines import Engine, EngineReport, blob_key, weights_on_device
from tenon.serving.models._compiled import install_compiled
from tenon.serving.models._options import LoadingOptions, batching_of, check_signature
from tenon.serving.models._prepared import Prepared, warmed_up
from tenon.serving.models._probe import rows_are_independent
from tenon.serving.models._samples import concrete_shapes, odd_inputs, sample_inputs
from tenon.serving.models._servable import ModelServable
from tenon.serving.models._steps_runner import StepsRunner
from tenon.serving.models._warmup import predict_inputs, read_warmup
from tenon.serving.servables import Loader, ServableId, ServableSignature

_log = logging.getLogger("tenon.serving")


class SavedModelLoader(Loader):
    """Loads one version from a directory that Tenon wrote.

    Args:
        servable_id: name and version, for the log and for errors.
        path: the SavedModel directory.
        batching: how requests are batched; padded sizes at which a row is no cheaper than in smaller ones are left out
            where that was measured.
        compile_threads: programs compiled at once.
        options: engine, cache, warm-up, trust.
    """

    def __init__(
        self,
        servable_id: ServableId,
        path: Path,
        batching: Batching,
        compile_threads: int = 2,
        options: LoadingOptions | None = None,
    ) -> None:
        self._id, self._path = servable_id, path
        self._batching, self._compile_threads = batching, compile_threads
        self._options = options or LoadingOptions()

    def load(self) -> ModelServable:
        """Verify, compile, probe and warm up the model; see ``Loader.load``.

        Raises:
            NotFoundError: there is no such directory.
            PermissionDeniedError: a file may not be read.
            DataLossError: the directory or its warm-up file is damaged, half copied or not Tenon's; the message names
                the file.
            TenonError: a warm-up request failed, the message tells which; or what ``tenon.saved_model.verify`` raises,
                where keys are asked for.
        """
        check_signature(self._path, self._options, str(self._id))
        self._batching = batching_of(self._path, self._batching, self._options)
        model = read(self._path)
        warmup = self._options.warmup
        records = read_warmup(self._path) if warmup.enabled else []
        install_compiled(model, self._options, str(self._id))
        weights = _weights(model)
        digest = model_digest(model)
        prepared = {
            name: self._answering(name, signature, [weights[key] for key in signature.variables], digest, records)
            for name, signature in model.signatures.items()
        }
        return warmed_up(prepared, self._batching, records, warmup, self._path)

    def _answering(
        self, name: str, signature: LoadedSignature, weights: Sequence[Any], digest: str, records: Sequence[Any]
    ) -> Prepared:
        """Prepare the program of a signature, and the steps around it where it has strings."""
        host, label = signature.host is not None, SignatureId(self._id, name)
        if host and not signature.program.outputs:
            report = EngineReport("it only moves strings", ((0, "host"),))
            return Prepared(_description(signature, report), partial(_steps_alone, label, signature), None)
        if not host:
            return self._prepared(name, signature, weights, digest, records)
        # requests on record hold strings, which the program does not take: it is tried with random numbers
        program = self._prepared(name, signature.program, weights, digest, [])
        description = replace(_description(signature, EngineReport("")), engine=program.description.engine)
        description = replace(description, engine_report=program.description.engine_report)
        return Prepared(description, partial(_steps_around, label, signature, program), program.engine)

    def _prepared(
        self, name: str, signature: LoadedSignature, weights: Sequence[Any], digest: str, records: Sequence[Any]
    ) -> Prepared:
        label = SignatureId(self._id, name)
        start = time.perf_counter()
        sizes = self._batching.parameters.batch_sizes if signature.batched else ()
        samples = partial(sample_inputs, signature, sizes, predict_inputs(records, name))
        engine, report = self._options.engines.make(signature, weights, digest, samples, partial(odd_inputs, signature))
        sizes = useful_sizes(self._batching.parameters, sizes, report)
        self._prepare(signature, engine, sizes, label)
        if sizes and not self._rows_are_independent(signature, engine, sizes, digest):
            _log.warning("%s: its rows depend on each other, so requests are never batched together.", label)
            sizes = ()
        if signature.written:
            _log.warning(
                "%s: assigns the variables %s; a server keeps weights as they were saved, so that every request finds "
                "the saved values.",
                label,
                list(signature.written),
            )
        _log.info(
            "%s: ready for batch sizes %s in %.2f s, computed by %s (%s).",
            label,
            sizes,
            time.perf_counter() - start,
            report.name,
            report.reason,
        )
        runner = partial(SignatureRunner, label, signature, engine, RunPlan.of(sizes, report))
        return Prepared(_description(signature, report), runner, engine)

    def _prepare(self, signature: LoadedSignature, engine: Engine, sizes: Sequence[int], label: SignatureId) -> None:
        shapes = [found for size in sizes or (1,) if (found := concrete_shapes(signature, size)) is not None]
        with ThreadPoolExecutor(self._compile_threads, "tenon-compile") as pool:
            list(pool.map(engine.prepare, shapes))
        if not shapes:
            _log.warning("%s: has open dimensions besides the batch; the first request of a size compiles.", label)

    def _rows_are_independent(
        self, signature: LoadedSignature, engine: Engine, sizes: tuple[int, ...], digest: str
    ) -> bool:
        """Probe the largest size, of each engine where there are two, unless an earlier start has."""
        cache = self._options.blobs
        identity = {"model": digest, "signature": signature.name, "sizes": sizes, "engine": engine.name}
        key = blob_key("probe", identity)
        known = cache.get(key)
        if known is None:
            ends = {engine.engine_for(size): size for size in sizes}
            independent = all(rows_are_independent(signature, engine, size) for size in ends.values())
            known = b"independent" if independent else b"dependent"
            cache.put(key, known)
        return known == b"independent"


def useful_sizes(parameters: BatchingParameters, sizes: tuple[int, ...], report: EngineReport) -> tuple[int, ...]:
    """Return the sizes up to the one beyond which a row gets no cheaper, and always the smallest.

    Args:
        parameters: sizes that an operator has named in them all stay.
        sizes: padded batch sizes, ascending.
        report: what was measured.
    """
    largest = report.largest_batch
    if largest is None or parameters.allowed_batch_sizes:
        return sizes
    return tuple(size for size in sizes if size <= max(largest, sizes[0]))


def model_digest(model: LoadedModel) -> str:
    """Return what tells a model from every other: a hash of its files' hashes, but not of what was compiled from it.

    Args:
        model: just read, so that its files are those of the manifest.
    """
    files = json.loads((model.extras / "manifest.json").read_bytes())["files"]
    own = {name: entry["sha256"] for name, entry in files.items() if "/compiled/" not in name}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()


def _weights(model: LoadedModel) -> Mapping[str, Any]:
    dtypes = {
        name: dtype
        for signature in model.signatures.values()
        for name, dtype in zip(signature.variables, signature.variable_dtypes, strict=True)
    }
    return weights_on_device({name: model.variables[name] for name in dtypes}, dtypes)


def _description(signature: LoadedSignature, report: EngineReport) -> ServableSignature:
    return ServableSignature(signature.inputs, signature.outputs, signature.definition, report.name, report.as_json())


def _steps_alone(label: SignatureId, signature: LoadedSignature, batching: Batching) -> StepsRunner:
    return StepsRunner(label, signature, None, batching.scheduler)


def _steps_around(label: SignatureId, signature: LoadedSignature, program: Prepared, batching: Batching) -> StepsRunner:
    runner = program.runner(batching)
    assert isinstance(runner, SignatureRunner)
    return StepsRunner(label, signature, runner, batching.scheduler)
