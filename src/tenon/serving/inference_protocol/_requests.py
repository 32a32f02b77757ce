"""What requests over REST and over gRPC share: whom they ask, and their parameters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final

import numpy as np

from tenon.base import DeadlineExceededError, InvalidArgumentError, TenonError, TensorSpec, UnimplementedError
from tenon.serving.answering import Call, Pipeline, Prediction, predict
from tenon.serving.servables import Priority, ServableRequest

SIGNATURE_NAME: Final = "signature_name"
"""The parameter of a request that names the signature to run."""

SHARED_MEMORY: Final = "shared_memory_region"

MAX_ERROR_CHARACTERS: Final = 1024
"""What is told of an error: over gRPC it travels in headers, and it may quote a name as long as the request."""

_MAX_VERSION: Final = 2**63 - 1
_MAX_NUMBER: Final = 2**64 - 1
_HIGHEST: Final = 1  # of the protocol's priorities; 0 is the default, and larger numbers are less urgent


def servable_request(name: str, version: str) -> ServableRequest:
    """Return which servable a request asks for.

    Args:
        name: the model's name.
        version: its version in digits; other text is a label; empty for the version that the server chooses.

    Raises:
        InvalidArgumentError: the name is empty, or the version above 2**63 - 1.

    Example:
        >>> servable_request("digits", "3"), servable_request("digits", "stable").label
        (ServableRequest(name='digits', version=3, label=None), 'stable')
    """
    if not name:
        raise InvalidArgumentError("model name: must not be empty. Name the model.")
    if not version:
        return ServableRequest(name)
    if not (version.isascii() and version.isdecimal()):
        return ServableRequest(name, None, version)
    digits = version.lstrip("0") or "0"
    if len(digits) > len(str(_MAX_VERSION)) or int(digits) > _MAX_VERSION:
        raise InvalidArgumentError(f"model version: must be at most {_MAX_VERSION}; received {digits[:40]}.")
    return ServableRequest(name, int(digits))


def read_parameters(call: Call, parameters: Mapping[str, Any]) -> str:
    """Write the parameters of a request down in its call: ``priority`` and ``timeout`` (in microseconds).

    Priority 1 is normal, and 2 and above run when nothing else waits. A timeout that ends before the call's deadline
    becomes its deadline. 0 is neither. Other parameters, such as those of sequences, are ignored.

    Args:
        call: the request.
        parameters: texts, numbers and truth values by name.

    Returns:
        The parameter ``signature_name``; empty if there is none.

    Raises:
        InvalidArgumentError: a parameter has another type, or is no uint64.
    """
    signature_name = parameters.get(SIGNATURE_NAME, "")
    if type(signature_name) is not str:
        raise InvalidArgumentError(f"parameter {SIGNATURE_NAME!r}: must be a text; received {signature_name!r}.")
    priority, timeout = _number(parameters, "priority"), _number(parameters, "timeout")
    if priority:
        call.urgency = Priority.NORMAL if priority == _HIGHEST else Priority.LOW
    if timeout:
        due = call.started + timeout / 1e6
        call.deadline = due if call.deadline is None else min(due, call.deadline)
    return signature_name


async def infer(
    pipeline: Pipeline,
    call: Call,
    parameters: Mapping[str, Any],
    read_inputs: Callable[[Mapping[str, TensorSpec]], Mapping[str, np.ndarray]],
    wanted: Sequence[str],
) -> Prediction:
    """Run what a request asks for; one with a ``timeout`` is answered when that is over, wherever it waits.

    Args:
        pipeline: the way to the versions.
        call: the request, admitted.
        parameters: of the request.
        read_inputs: see ``predict``.
        wanted: names of the outputs, in order; empty for all.

    Raises:
        DeadlineExceededError: the request's own timeout is over.
        TenonError: whatever ``read_parameters`` and ``predict`` give.
    """
    limit = call.deadline
    signature_name = read_parameters(call, parameters) if parameters else ""
    prediction = predict(pipeline, call, signature_name, read_inputs, unknown_signature, wanted)
    if call.deadline == limit:  # the edge watches over it
        return await prediction
    try:
        async with asyncio.timeout_at(call.deadline):
            return await prediction
    except TimeoutError:
        raise DeadlineExceededError("parameter 'timeout': it is over, and the answer is not there.") from None


def _number(parameters: Mapping[str, Any], name: str) -> int:
    value = parameters.get(name, 0)
    if type(value) is not int or not 0 <= value <= _MAX_NUMBER:
        raise InvalidArgumentError(f"parameter {name!r}: must be an integer in 0..{_MAX_NUMBER}; received {value!r}.")
    return value


def check_input_parameters(name: str, parameters: Collection[str]) -> None:
    """Refuse an input that is elsewhere.

    Args:
        name: of the input.
        parameters: the names of its parameters.

    Raises:
        UnimplementedError: it is in shared memory.
    """
    if SHARED_MEMORY in parameters:
        raise UnimplementedError(f"input {name!r}: shared memory is not served. Send the data in the request.")


def check_output_parameters(name: str, parameters: Mapping[str, Any]) -> None:
    """Refuse what a client asks of an output that is not served.

    Args:
        name: of the output.
        parameters: what is asked.

    Raises:
        UnimplementedError: it is asked as a classification, or into shared memory.
    """
    if parameters.get("classification"):
        raise UnimplementedError(
            f"output {name!r}: the parameter 'classification' is not served. Ask for the output and sort it, or use "
            "Classify."
        )
    if SHARED_MEMORY in parameters:
        raise UnimplementedError(f"output {name!r}: shared memory is not served. Take the data from the answer.")


def unknown_signature(name: str) -> TenonError:
    """Return the error for a signature that a model lacks."""
    return InvalidArgumentError(
        f"parameter {SIGNATURE_NAME!r}: the model has no signature {name!r}. Its metadata lists those that it has."
    )


def shortened(text: str) -> str:
    """Return the text of an error as it is told.

    Example:
        >>> len(shortened("y" * 3000)), shortened("no")
        (1036, 'no')
    """
    return text if len(text) <= MAX_ERROR_CHARACTERS else text[:MAX_ERROR_CHARACTERS] + "...TRUNCATED"
