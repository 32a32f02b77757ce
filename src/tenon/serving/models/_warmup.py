"""Requests that a model brings along, to be run before anybody else's (TensorFlow Serving's warm-up file)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from tenon.base import Code, InvalidArgumentError, TenonError, UnimplementedError
from tenon.formats import make_ndarray, message_class, read_records
from tenon.serving.servables import Servable

WARMUP_FILE = "assets.extra/tf_serving_warmup_requests"
"""Where TensorFlow Serving looks for the requests, below the version's directory."""

MAX_RECORDS = 1000
"""More records fail the load, as in TensorFlow Serving."""

DEFAULT_SIGNATURE = "serving_default"

_KINDS = ("predict_log", "classify_log", "regress_log", "multi_inference_log")

RunRecord = Callable[[Servable, Any], Awaitable[object]]
"""Runs the request in one ``tensorflow.serving.PredictionLog`` on a servable, as if a client had sent it."""

WarmupEnded = Callable[[Path, float, int, Code], object]
"""Is told of a warm-up that ended: the version's directory, the seconds, how many records it has, and the outcome."""


@dataclass(frozen=True)
class Warmup:
    """What is run before a version is AVAILABLE.

    Args:
        enabled: whether the file is looked at (``--enable_model_warmup``).
        iterations: how often each request runs (``num_request_iterations_for_warmup``); 0 is once.
        run_record: runs one record; predict requests only unless whoever answers the others says how.
        on_end: told of each warm-up, in the thread of the load.
    """

    enabled: bool = True
    iterations: int = 1
    run_record: RunRecord | None = None
    on_end: WarmupEnded | None = None


def read_warmup(path: Path) -> list[Any]:
    """Return the records of a version's warm-up file that hold a request.

    Args:
        path: the version's directory.

    Returns:
        ``tensorflow.serving.PredictionLog`` messages; empty without a file.

    Raises:
        DataLossError: the file is damaged or no record file.
        InvalidArgumentError: a record is no ``PredictionLog``, or there are more than ``MAX_RECORDS``.
        UnimplementedError: a record is of a kind that TensorFlow Serving does not run either.
    """
    file = path / WARMUP_FILE
    if not file.is_file():
        return []
    records = []
    for index, content in enumerate(read_records(file)):
        if index == MAX_RECORDS:
            raise InvalidArgumentError(f"{file}: at most {MAX_RECORDS} warm-up records are run; there are more.")
        record = _parsed(file, index, content)
        kind = record.WhichOneof("log_type")
        if kind in _KINDS:
            records.append(record)
        elif kind is not None:
            raise UnimplementedError(f"{file}: record {index} is a {kind}; warm-up runs {', '.join(_KINDS)} only.")
    return records


def predict_inputs(records: Sequence[Any], signature_name: str) -> list[Mapping[str, np.ndarray]]:
    """Return the inputs of predict requests for one signature, those that can be read.

    Args:
        records: what ``read_warmup`` returned.
        signature_name: the signature.
    """
    requests = (record.predict_log.request for record in records if record.WhichOneof("log_type") == "predict_log")
    found: list[Mapping[str, np.ndarray]] = []
    for request in requests:
        if (request.model_spec.signature_name or DEFAULT_SIGNATURE) == signature_name:
            try:
                found.append({name: make_ndarray(proto) for name, proto in request.inputs.items()})
            except TenonError:  # the run that follows says so, with the record's number
                continue
    return found


def run_warmup(servable: Servable, records: Sequence[Any], warmup: Warmup, path: Path) -> None:
    """Run records on a servable that nobody else has yet, in an event loop of their own; blocks.

    Args:
        servable: what runs them.
        records: what ``read_warmup`` returned.
        warmup: how.
        path: the version's directory.

    Raises:
        TenonError: a request failed; its class is that of the first failure, the message tells the record.
    """
    if not (records and warmup.enabled):
        return
    began, code = time.monotonic(), Code.UNKNOWN
    try:
        asyncio.run(_run_all(servable, records, warmup))
        code = Code.OK
    except TenonError as error:
        code = error.code
        raise
    finally:
        if warmup.on_end is not None:
            warmup.on_end(path, time.monotonic() - began, len(records), code)


async def _run_all(servable: Servable, records: Sequence[Any], warmup: Warmup) -> None:
    run = warmup.run_record or run_predict_record
    for index, record in enumerate(records):
        for _ in range(max(1, warmup.iterations)):
            try:
                await run(servable, record)
            except TenonError as error:
                raise type(error)(
                    f"warm-up record {index} ({record.WhichOneof('log_type')}): {error.message}"
                ) from error


async def run_predict_record(servable: Servable, record: Any) -> None:
    """Run a predict request.

    Args:
        servable: what runs it.
        record: a ``tensorflow.serving.PredictionLog``.

    Raises:
        UnimplementedError: it holds another kind of request.
        InvalidArgumentError: the signature or an input is unknown, or an input is missing or of another dtype.
    """
    if record.WhichOneof("log_type") != "predict_log":
        raise UnimplementedError("only predict requests can be run here; a server runs the others too.")
    request = record.predict_log.request
    name = request.model_spec.signature_name or DEFAULT_SIGNATURE
    signature = servable.signatures.get(name)
    if signature is None:
        raise InvalidArgumentError(f"there is no signature {name!r}; there are {sorted(servable.signatures)}.")
    inputs = {key: make_ndarray(proto) for key, proto in request.inputs.items()}
    expected = {key: spec.dtype for key, spec in signature.inputs.items()}
    if {key: array.dtype for key, array in inputs.items()} != expected:
        raise InvalidArgumentError(
            f"inputs: must be {expected}; received { {key: array.dtype for key, array in inputs.items()} }."
        )
    await servable.run(name, inputs, list(request.output_filter) or None)


def _parsed(file: Path, index: int, content: bytes) -> Any:
    try:
        return message_class("tensorflow.serving.PredictionLog").FromString(content)
    except DecodeError as error:
        raise InvalidArgumentError(f"{file}: record {index} is no PredictionLog: {error}.") from error
