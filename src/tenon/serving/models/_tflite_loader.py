"""A TFLite model becomes a servable: read, resized, probed, warmed up."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from tenon.base import InternalError, TensorSpec, UnimplementedError
from tenon.saved_model import LoadedSignature
from tenon.serving.batching import Batching, RunPlan, SignatureId, SignatureRunner
from tenon.serving.engines import EngineReport, LiteRtEngine, runs_by_threads, with_paces
from tenon.serving.models._options import LoadingOptions, batching_of, check_signature
from tenon.serving.models._prepared import Prepared, warmed_up
from tenon.serving.models._probe import rows_are_independent
from tenon.serving.models._samples import concrete_shapes, sample_inputs
from tenon.serving.models._saved_model_loader import useful_sizes
from tenon.serving.models._servable import ModelServable
from tenon.serving.models._tflite_model import TFLITE_FILE, TfLiteSignature, read_tflite
from tenon.serving.models._warmup import predict_inputs, read_warmup
from tenon.serving.servables import Loader, ServableId, ServableSignature

_log = logging.getLogger("tenon.serving")


class TfLiteLoader(Loader):
    """Loads one version from the file ``model.tflite`` in its directory.

    Args:
        servable_id: name and version, for the log and for errors.
        path: the version's directory.
        batching: how requests are batched.
        options: warm-up, trust.
    """

    def __init__(
        self,
        servable_id: ServableId,
        path: Path,
        batching: Batching,
        options: LoadingOptions | None = None,
    ) -> None:
        self._id, self._path, self._batching = servable_id, path, batching
        self._options = options or LoadingOptions()

    def load(self) -> ModelServable:
        """Read, resize, probe and warm up the model; see ``Loader.load``.

        Raises:
            DataLossError: the file cannot be read or is no TFLite model; or the warm-up file is damaged.
            MissingExtraError: the extra ``lite`` is not installed.
            TenonError: a warm-up request failed, the message tells which; or what ``tenon.saved_model.verify`` raises,
                where keys are asked for.
        """
        check_signature(self._path, self._options, str(self._id))
        self._batching = batching_of(self._path, self._batching, self._options)
        warmup = self._options.warmup
        records = read_warmup(self._path) if warmup.enabled else []
        prepared = {
            name: self._prepared(name, each, records) for name, each in read_tflite(self._path / TFLITE_FILE).items()
        }
        return warmed_up(prepared, self._batching, records, warmup, self._path)

    def _prepared(self, name: str, model: TfLiteSignature, records: Sequence[Any]) -> Prepared:
        label, allowed = SignatureId(self._id, name), self._batching.parameters.batch_sizes
        cores, asked = self._options.cores, self._options.tflite_interpreters
        runs = {max(1, cores // asked): asked} if asked else runs_by_threads(cores, len(model.flatbuffer.content))
        engine = LiteRtEngine(model.flatbuffer, runs)
        signature = _signature(name, model, batched=True)
        requests = predict_inputs(records, name)
        report = EngineReport("a TFLite model", ((0, "litert"),))
        sizes: tuple[int, ...] = ()
        try:
            if signature.batched:
                report = with_paces(report, engine, sample_inputs(signature, allowed, requests), batched=True)
                sizes = useful_sizes(self._batching.parameters, allowed, report)
                for size in sizes:
                    if (shapes := concrete_shapes(signature, size)) is not None:
                        engine.prepare(shapes)
                if not rows_are_independent(signature, engine, sizes[-1]):
                    sizes = ()
        except (UnimplementedError, RuntimeError) as error:
            sizes = ()
            _log.info("%s: takes the sizes in the file only: %s", label, error)
        if not sizes:
            signature = _signature(name, model, batched=False)
        _log.info("%s: ready for batch sizes %s, computed by LiteRT from %s.", label, sizes, TFLITE_FILE)
        description = ServableSignature(
            signature.inputs, signature.outputs, model.definition, "litert", report.as_json()
        )
        return Prepared(
            description, partial(SignatureRunner, label, signature, engine, RunPlan.of(sizes, report)), engine
        )


def _signature(name: str, model: TfLiteSignature, *, batched: bool) -> LoadedSignature:
    """Return a model's signature as those who run it know signatures.

    Where it is to be batched, a first dimension of 1 counts as open: LiteRT resizes inputs, and the files of most
    models say 1 for the batch.
    """
    opened = batched and all(spec.shape and spec.shape[0] in (None, 1) for spec in _specs(model))
    inputs = {key: _opened(spec) if opened else spec for key, spec in model.inputs.items()}
    outputs = {key: _opened(spec) if opened else spec for key, spec in model.outputs.items()}
    return LoadedSignature(
        name=name,
        definition=model.definition,
        inputs=inputs,
        outputs=outputs,
        input_shapes=_symbols(inputs),
        output_shapes=_symbols(outputs),
        variables=(),
        function=_never_called,
        values=(),
        dtypes=model.flatbuffer.dtypes,
    )


def _specs(model: TfLiteSignature) -> list[TensorSpec]:
    return [*model.inputs.values(), *model.outputs.values()]


def _opened(spec: TensorSpec) -> TensorSpec:
    return replace(spec, shape=(None, *spec.shape[1:]))


def _symbols(specs: Mapping[str, TensorSpec]) -> tuple[tuple[int | str, ...], ...]:
    """Return symbolic shapes: the batch is one symbol, every other open dimension one of its own."""
    return tuple(
        tuple(
            size if size is not None else ("b" if axis == 0 else f"d_{key}_{axis}")
            for axis, size in enumerate(spec.shape)
        )
        for key, spec in specs.items()
    )


def _never_called(*arguments: np.ndarray) -> NoReturn:
    raise InternalError(f"a TFLite model is no function for XLA; received {len(arguments)} arguments.")
