"""What a client knows of a model: its signatures; and the arrays that fit them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tenon.base import InvalidArgumentError, Shape, UnknownError
from tenon.formats import message_class, numpy_dtype
from tenon.serving.servables import ServableId

_SignatureDefMap = message_class("tensorflow.serving.SignatureDefMap")


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of a signature.

    Args:
        dtype: its dtype, ``object`` for strings; ``None`` where NumPy has none for it.
        shape: one entry a dimension, ``None`` for any size; ``None`` for any rank.
    """

    dtype: np.dtype | None
    shape: Shape | None


@dataclass(frozen=True)
class SignatureInfo:
    """A signature of a model.

    Args:
        inputs: what it takes, by name.
        outputs: what it returns, by name.
        method_name: such as ``tensorflow/serving/predict``.
    """

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    method_name: str


@dataclass(frozen=True)
class ModelMetadata:
    """One version of a model.

    Args:
        id: its name and version.
        signatures: its signatures by name.
    """

    id: ServableId
    signatures: Mapping[str, SignatureInfo]


def read_metadata(response: Any) -> ModelMetadata:
    """Read a ``GetModelMetadataResponse``.

    Raises:
        UnknownError: it holds no signatures.
    """
    signatures = _SignatureDefMap()
    if not response.metadata["signature_def"].Unpack(signatures):
        raise UnknownError("metadata: the server's answer must hold 'signature_def'; it does not.")
    spec = response.model_spec
    return ModelMetadata(
        ServableId(spec.name, spec.version.value),
        {
            name: SignatureInfo(_infos(definition.inputs), _infos(definition.outputs), definition.method_name)
            for name, definition in signatures.signature_def.items()
        },
    )


def _infos(tensors: Mapping[str, Any]) -> dict[str, TensorInfo]:
    return {name: TensorInfo(_dtype(info.dtype), _shape(info.tensor_shape)) for name, info in sorted(tensors.items())}


def _dtype(number: int) -> np.dtype | None:
    try:
        return numpy_dtype(number)
    except InvalidArgumentError:
        return None


def _shape(proto: Any) -> Shape | None:
    return None if proto.unknown_rank else tuple([None if dim.size < 0 else dim.size for dim in proto.dim])


def named_inputs(inputs: Any, signature: SignatureInfo | None) -> dict[str, np.ndarray]:
    """Return the inputs as arrays by name, of the signature's dtypes where that loses nothing.

    Args:
        inputs: values by name, or one value for the only input of the signature.
        signature: where it is known. What it does not know is sent as it is: the server tells what is wrong with it.

    Raises:
        InvalidArgumentError: a single value for several inputs; values that are no array or of another kind.
    """
    specs = {} if signature is None else signature.inputs
    if not isinstance(inputs, Mapping):
        if len(specs) != 1:
            raise InvalidArgumentError(
                f"inputs: must be values by name, of {sorted(specs)}; received {type(inputs).__name__}."
            )
        inputs = {next(iter(specs)): inputs}
    return {name: _array(name, value, specs.get(name)) for name, value in inputs.items()}


def _array(name: str, value: Any, info: TensorInfo | None) -> np.ndarray:
    dtype = None if info is None else info.dtype
    try:
        if dtype is not None and dtype.hasobject and not hasattr(value, "dtype"):
            return np.asarray(value, object)  # NumPy would cut the zeros from the end of bytes
        array = integers_kept(value)
    except ValueError as error:
        raise InvalidArgumentError(f"input {name!r}: must be an array; its rows differ in length.") from error
    return array if dtype is None or array.dtype == dtype else _converted(name, array, dtype)


def integers_kept(value: Any) -> np.ndarray:
    """Return a value as an array; NumPy alone makes floats of integers of which some only fit int64 and some uint64.

    Raises:
        ValueError: rows differ in length.
    """
    array = np.asarray(value)
    if array.dtype == np.float64 and not hasattr(value, "dtype") and array.size and array.max() >= 2**63:
        objects = np.asarray(value, object)
        if all([type(item) is int for item in objects.flat]):
            return objects
    return array


def _converted(name: str, array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Convert between widths and from integers to floats; never from floats to integers, nor what does not fit."""
    if dtype.hasobject and array.dtype.kind in "SU":
        return array.astype(object)
    integers = array.dtype.kind in "iu" or (array.dtype.hasobject and all([type(item) is int for item in array.flat]))
    whole = integers and dtype.kind in "iu"
    if not (whole or array.size == 0 or np.can_cast(array.dtype, dtype, "same_kind")) or dtype.hasobject:
        raise InvalidArgumentError(f"input {name!r}: must be {_named(dtype)}; received {_named(array.dtype)}.")
    if whole and array.size and not (_fits(array.min(), dtype) and _fits(array.max(), dtype)):
        raise InvalidArgumentError(
            f"input {name!r}: must hold {dtype}; received values between {array.min()} and {array.max()}."
        )
    return array.astype(dtype)


def _named(dtype: np.dtype) -> str:
    return "strings" if dtype.kind in "OSU" else dtype.name


def _fits(value: Any, dtype: np.dtype) -> bool:
    limits = np.iinfo(dtype)
    return bool(limits.min <= int(value) <= limits.max)
