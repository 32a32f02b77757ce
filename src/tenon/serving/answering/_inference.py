"""Classify and Regress: examples in, labels and scores or numbers out, whatever the protocol."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError, TenonError
from tenon.formats import data_type, data_type_name
from tenon.saved_model import (
    CLASSIFY_INPUTS,
    CLASSIFY_METHOD_NAME,
    CLASSIFY_OUTPUT_CLASSES,
    CLASSIFY_OUTPUT_SCORES,
    REGRESS_INPUTS,
    REGRESS_METHOD_NAME,
    REGRESS_OUTPUTS,
)
from tenon.serving.answering._call import Call
from tenon.serving.answering._pipeline import Pipeline
from tenon.serving.answering._predict import DEFAULT_SIGNATURE_NAME, Arrays
from tenon.serving.servables import ServableId, ServableSignature

_STRINGS: Final = np.dtype(object)
_FLOATS: Final = np.dtype(np.float32)


@dataclass(frozen=True)
class Inference:
    """The answer to some examples.

    Args:
        id: the version that answered.
        signature_name: the signature that ran.
        rows: for each example its value (``regress``), or a list of labels with their scores (``classify``).
    """

    id: ServableId
    signature_name: str
    rows: Any


@dataclass(frozen=True)
class Method:
    """What is particular about one way to ask with examples.

    Args:
        name: the ``SignatureDef.method_name`` of signatures that are made for it.
        input: the name of the only input.
        outputs: checks a signature; returns the names of the outputs wanted.
        rows: checks outputs and returns the answer for each of a number of examples.
    """

    name: str
    input: str
    outputs: Callable[[ServableSignature], Sequence[str]]
    rows: Callable[[Arrays, int], Any]


async def classify(pipeline: Pipeline, call: Call, signature_name: str, examples: Sequence[bytes]) -> Inference:
    """Return labels and scores for examples.

    Args:
        pipeline: the way to the versions.
        call: the request, admitted; the version, the signature and the arrays are written down in it.
        signature_name: empty for ``serving_default``.
        examples: serialized ``tensorflow.Example`` messages.

    Returns:
        For each example a list of (label, score): ``bytes`` and a float32; ``b""`` and 0 where the model has none.

    Raises:
        NotFoundError: no such model, or the version is not available.
        InvalidArgumentError: there are no examples, no such signature, it is no classification signature, what it
            returns does not fit, or the model refuses an example.
    """
    return await _answer(CLASSIFY, pipeline, call, signature_name, examples)


async def regress(pipeline: Pipeline, call: Call, signature_name: str, examples: Sequence[bytes]) -> Inference:
    """Return a number for each example.

    Args:
        pipeline: the way to the versions.
        call: the request, admitted; the version, the signature and the arrays are written down in it.
        signature_name: empty for ``serving_default``.
        examples: serialized ``tensorflow.Example`` messages.

    Returns:
        For each example a float32.

    Raises:
        NotFoundError: no such model, or the version is not available.
        InvalidArgumentError: there are no examples, no such signature, it is no regression signature, what it returns
            does not fit, or the model refuses an example.
    """
    return await _answer(REGRESS, pipeline, call, signature_name, examples)


async def _answer(
    method: Method,
    pipeline: Pipeline,
    call: Call,
    signature_name: str,
    examples: Sequence[bytes],
) -> Inference:
    name = signature_name or DEFAULT_SIGNATURE_NAME
    with pipeline.open(call) as handle:
        signature = found_signature(handle.servable.signatures.get(name), name, unknown_signature)
        wanted = wanted_outputs(method, signature, pipeline.options.check_method_name)
        call.signature_name, call.engine = name, signature.engine
        call.inputs = {method.input: strings_of(examples)}
        call.outputs = await handle.servable.run(name, call.inputs, wanted, call.run_options())
        return Inference(handle.id, name, method.rows(call.outputs, len(examples)))


def strings_of(examples: Sequence[bytes]) -> np.ndarray:
    """Return examples as the tensor that signatures take.

    Raises:
        InvalidArgumentError: there are none.
    """
    if not examples:
        raise InvalidArgumentError("Input is empty. Send at least one example.")
    array = np.empty(len(examples), object)
    array[:] = examples
    return array


def found_signature(
    signature: ServableSignature | None, name: str, unknown: Callable[[str], TenonError]
) -> ServableSignature:
    """Return a signature that is there.

    Raises:
        TenonError: it is not; what ``unknown`` makes of its name.
    """
    if signature is None:
        raise unknown(name)
    return signature


def unknown_signature(name: str) -> TenonError:
    """Return the error of Classify and Regress for a signature that the model lacks."""
    return InvalidArgumentError(f"No signature was found with the name: {name}")


def wanted_outputs(method: Method, signature: ServableSignature, check_method_name: bool) -> Sequence[str]:
    """Check that a signature is made for a method; return the outputs that its answer needs.

    Raises:
        InvalidArgumentError: it is not.
    """
    kind = "classification" if method is CLASSIFY else "regression"
    if check_method_name and signature.definition.method_name != method.name:
        raise InvalidArgumentError(
            f"Expected {kind} signature method_name to be {method.name}. Was: {signature.definition.method_name}"
        )
    if len(signature.inputs) != 1:
        raise InvalidArgumentError(f"Expected one input Tensor. The signature has {len(signature.inputs)}.")
    wanted = method.outputs(signature)
    if method.input not in signature.inputs:
        raise InvalidArgumentError(
            f"No {kind} inputs found in SignatureDef: its input must be called {method.input!r}; it is called "
            f"{next(iter(signature.inputs))!r}."
        )
    dtype = signature.inputs[method.input].dtype
    if dtype != _STRINGS:
        raise InvalidArgumentError(
            f"Expected input Tensor of DT_STRING, which the examples are. Got: {_named(dtype)}. Use Predict."
        )
    return wanted


def _classify_outputs(signature: ServableSignature) -> Sequence[str]:
    if len(signature.outputs) not in (1, 2):
        raise InvalidArgumentError(f"Expected one or two output Tensors, found {len(signature.outputs)}")
    wanted = [name for name in (CLASSIFY_OUTPUT_CLASSES, CLASSIFY_OUTPUT_SCORES) if name in signature.outputs]
    if not wanted:
        raise InvalidArgumentError(
            'Expected classification signature outputs to contain at least one of "classes" or "scores". Signature '
            f"has: {list(signature.outputs)}"
        )
    return wanted


def _regress_outputs(signature: ServableSignature) -> Sequence[str]:
    if len(signature.outputs) != 1:
        raise InvalidArgumentError(f"Expected one output Tensor. The signature has {len(signature.outputs)}.")
    if REGRESS_OUTPUTS not in signature.outputs:
        raise InvalidArgumentError(
            f"No regression outputs found in SignatureDef: its output must be called {REGRESS_OUTPUTS!r}; it is called "
            f"{next(iter(signature.outputs))!r}."
        )
    return [REGRESS_OUTPUTS]


def _classifications(outputs: Arrays, count: int) -> Sequence[Any]:
    classes, scores = outputs.get(CLASSIFY_OUTPUT_CLASSES), outputs.get(CLASSIFY_OUTPUT_SCORES)
    for name, array, dtype in (("classes", classes, _STRINGS), ("scores", scores, _FLOATS)):
        if array is not None:
            _check_table(name, array, dtype, count)
    if classes is not None and scores is not None and classes.shape[1] != scores.shape[1]:
        raise InvalidArgumentError(
            f"Tensors class and score should match in size. Got {classes.shape[1]} vs. {scores.shape[1]}"
        )
    if classes is None:
        return [[(b"", score) for score in row] for row in outputs[CLASSIFY_OUTPUT_SCORES]]
    values = np.zeros(classes.shape, _FLOATS) if scores is None else scores
    return [list(zip(*pair, strict=True)) for pair in zip(classes.tolist(), values, strict=True)]


def _check_table(name: str, array: np.ndarray, dtype: np.dtype, count: int) -> None:
    if array.ndim != 2:
        raise InvalidArgumentError(f"Expected Tensor shape: [batch_size num_classes] but got {list(array.shape)}")
    if array.dtype != dtype:
        raise InvalidArgumentError(f"Expected {name} Tensor of {_named(dtype)}. Got: {_named(array.dtype)}")
    if len(array) != count:
        raise InvalidArgumentError(f"Expected {name} output batch size of {count}. Got: {len(array)}")


def _regressions(outputs: Arrays, count: int) -> np.ndarray:
    array = outputs[REGRESS_OUTPUTS]
    if array.ndim not in (1, 2) or (array.ndim == 2 and array.shape[1] != 1):
        raise InvalidArgumentError(
            f"Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got {list(array.shape)}"
        )
    if array.dtype != _FLOATS:
        raise InvalidArgumentError(f"Expected output Tensor of DT_FLOAT.  Got: {_named(array.dtype)}")
    if len(array) != count:
        raise InvalidArgumentError(f"Input batch size did not match output batch size: {count} vs. {len(array)}")
    return array.reshape(count)


def _named(dtype: np.dtype) -> str:
    return data_type_name(data_type(dtype))


CLASSIFY: Final = Method(CLASSIFY_METHOD_NAME, CLASSIFY_INPUTS, _classify_outputs, _classifications)
REGRESS: Final = Method(REGRESS_METHOD_NAME, REGRESS_INPUTS, _regress_outputs, _regressions)
METHODS: Final = {method.name: method for method in (CLASSIFY, REGRESS)}
"""What MultiInference may ask."""
