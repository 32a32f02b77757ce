"""What REST and gRPC share of a prediction: find the version and the signature, complete the inputs, run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tenon.base import InvalidArgumentError, TenonError, TensorSpec
from tenon.formats import make_ndarray
from tenon.serving.answering._call import Call
from tenon.serving.answering._pipeline import Pipeline
from tenon.serving.servables import ServableId, ServableSignature

DEFAULT_SIGNATURE_NAME = "serving_default"
"""The signature of a request that names none."""

MAX_GROWTH_BYTES = 100 * 2**20
"""How large an array may become that a message abbreviates (one value, repeated)."""

Arrays = Mapping[str, np.ndarray]


class Prediction(NamedTuple):
    """The answer of one run.

    Args:
        id: the version that answered.
        signature_name: the signature that ran, ``serving_default`` if the request named none.
        outputs: the outputs by name.
    """

    id: ServableId
    signature_name: str
    outputs: Arrays


async def predict(
    pipeline: Pipeline,
    call: Call,
    signature_name: str,
    read_inputs: Callable[[Mapping[str, TensorSpec]], Arrays],
    unknown_signature: Callable[[str], TenonError],
    output_filter: Sequence[str] = (),
) -> Prediction:
    """Run one signature of one version; the version stays loaded until the answer is there.

    Args:
        pipeline: the way to the versions.
        call: the request, admitted; the version, the signature and the arrays are written down in it.
        signature_name: empty for ``serving_default``.
        read_inputs: called with the signature's inputs; returns the arrays that the client sent.
        unknown_signature: makes the error for a name that the version lacks; the protocols differ in its code.
        output_filter: names of the outputs wanted, in order; empty for all.

    Raises:
        NotFoundError: no such model, or the version is not available.
        InvalidArgumentError: an input or output name, dtype or shape does not fit the signature; an unknown label.
        TenonError: whatever ``read_inputs``, ``unknown_signature`` and ``Servable.run`` give.
    """
    name = signature_name or DEFAULT_SIGNATURE_NAME
    with pipeline.open(call) as handle:
        signature = handle.servable.signatures.get(name)
        if signature is None:
            raise unknown_signature(name)
        if output_filter:
            _check_output_filter(output_filter, signature)
        call.signature_name, call.engine = name, signature.engine
        call.inputs = complete_inputs(read_inputs(signature.inputs), signature)
        call.rows = _rows(call.inputs)
        call.outputs = await handle.servable.run(name, call.inputs, output_filter or None, call.run_options())
        return Prediction(handle.id, name, call.outputs)


def _rows(inputs: Arrays) -> int:
    """Return the size of the first dimension, 1 where there is none."""
    for array in inputs.values():
        return len(array) if array.ndim else 1
    return 1


def _check_output_filter(output_filter: Sequence[str], signature: ServableSignature) -> None:
    for index, name in enumerate(output_filter):
        if name not in signature.outputs:
            raise InvalidArgumentError(
                f"output tensor alias not found in signature: {name}. Ask for some of {_joined(signature.outputs)}."
            )
        if name in output_filter[:index]:
            raise InvalidArgumentError(f"duplicate output tensor alias: {name}. Ask for it once.")


def complete_inputs(inputs: Arrays, signature: ServableSignature) -> Arrays:
    """Check names and dtypes, and fill in the signature's default values.

    Shapes are not looked at: ``Servable.run`` knows what it can take.

    Args:
        inputs: what the client sent.
        signature: its ``definition.defaults`` hold a ``TensorProto`` per optional input.

    Returns:
        An array of the signature's dtype for every input of it.

    Raises:
        InvalidArgumentError: an input is missing, not in the signature, or of another dtype.
    """
    if inputs.keys() != signature.inputs.keys():
        _check_count(inputs, signature)
        inputs = {name: _input_or_default(name, inputs, signature) for name in signature.inputs}
    for name, spec in signature.inputs.items():
        if inputs[name].dtype != spec.dtype:
            raise InvalidArgumentError(
                f"input {name!r} must be a tensor of {_named(spec.dtype)}; received {_named(inputs[name].dtype)}. "
                "Convert it."
            )
    return inputs


def _named(dtype: np.dtype) -> str:
    """Return the name that clients know: to them, NumPy's ``object`` is a string."""
    return "string" if dtype.kind == "O" else dtype.name


def _check_count(inputs: Arrays, signature: ServableSignature) -> None:
    want, have = signature.inputs.keys(), inputs.keys()
    if len(have) > len(want) or (len(have) < len(want) and not signature.definition.defaults):
        raise InvalidArgumentError(
            f"input size does not match signature: {len(have)}!={len(want)} "
            f"len({_joined(have)}) != len({_joined(want)}). "
            f"Sent extra: {_joined(have - want)}. Missing but required: {_joined(want - have)}."
        )


def _input_or_default(name: str, inputs: Arrays, signature: ServableSignature) -> np.ndarray:
    if name in inputs:
        return inputs[name]
    definition = signature.definition
    if name in definition.defaults:
        return make_ndarray(definition.defaults[name], max_bytes=MAX_GROWTH_BYTES)
    feed = definition.inputs[name].name if name in definition.inputs else ""
    raise InvalidArgumentError(
        f"Signature input alias: {name}(feed name: {feed}) not found in request and no default value provided. "
        f"Inputs expected to be in the set {_joined(signature.inputs)}."
    )


def _joined(names: Iterable[str]) -> str:
    return "{" + ",".join(sorted(names)) + "}"
