"""Examples parsed in a function that is being saved: one step on the host before its program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.core.host_symbols import StringSymbol, current_recorder
from tenon.core.io._features import FixedLenFeature, FixedLenSequenceFeature
from tenon.core.io._host import host_array
from tenon.core.tensors import Tensor, as_dtype, as_shape

_NAMES: Final = frozenset(["float32", "int64", "string"])
_STRINGS: Final = np.dtype(object)


def symbol_of(value: Any) -> StringSymbol | None:
    """Return the symbol that a tensor of strings is in a function that is being saved; ``None`` for others.

    Example:
        >>> symbol_of(np.ones(1)) is None
        True
    """
    array = value.value if isinstance(value, Tensor) else value
    return array if isinstance(array, StringSymbol) else None


def parsed_symbols(features: Mapping[str, Any] | None, serialized: StringSymbol) -> dict[str, Tensor]:
    """Return what each feature will be in the examples.

    Args:
        features: descriptions of features with as many values in each example, or with any number of parts.
        serialized: the examples.

    Raises:
        InvalidArgumentError: a description is wrong, or the examples are no vector.
        UnimplementedError: a feature is sparse or ragged.
        ValueError: there are no features.
    """
    recorder = current_recorder()
    assert recorder is not None
    if not features:
        raise ValueError("Invalid argument: features cannot be None or empty.")
    if serialized.ndim > 1:
        raise InvalidArgumentError(f"Expected serialized to be a scalar or vector, got shape: {list(serialized.shape)}")
    described = [_Dense(key, feature) for key, feature in sorted(features.items())]
    names = np.array([key.key.encode() for key in described], object)
    none = np.empty(0, object)
    inputs = [serialized, none, none, names, none, *[each.default for each in described]]
    attributes = {
        "num_sparse": 0,
        "sparse_types": [],
        "ragged_value_types": [],
        "ragged_split_types": [],
        "Tdense": [each.dtype for each in described],
        "dense_shapes": [each.shape for each in described],
    }
    made = recorder.step("ParseExampleV2", inputs, attributes, len(described))
    found = {}
    for each, reference in zip(described, made, strict=True):
        sizes = [recorder.new_size(serialized.shape) if size < 0 else size for size in each.shape]
        shape = (*serialized.shape, *sizes)
        if each.dtype == _STRINGS:
            found[each.key] = Tensor(StringSymbol(reference, shape, serialized.is_late))
        else:
            found[each.key] = Tensor(recorder.numbers(serialized, reference, shape, each.dtype))
    return {key: found[key] for key in features}


class _Dense:
    """A feature that becomes a dense tensor, as ``ParseExampleV2`` describes it."""

    def __init__(self, key: str, feature: Any) -> None:
        if not isinstance(feature, FixedLenFeature | FixedLenSequenceFeature):
            raise UnimplementedError(
                f"Feature {key}: {type(feature).__name__} makes a sparse or ragged tensor, which the program of a "
                "saved function cannot take. Use tf.io.FixedLenFeature, or tf.io.FixedLenSequenceFeature with "
                "allow_missing=True, which pads."
            )
        dtype = as_dtype(feature.dtype)
        if dtype.name not in _NAMES:
            raise InvalidArgumentError(
                f"Feature {key}: {dtype.name} is not in the list of allowed values: float32, int64, string. Use "
                "tf.cast."
            )
        self.key, self.dtype = key, dtype.dtype
        sizes = as_shape(feature.shape).as_list()
        if None in sizes:
            raise ValueError(
                f"First dimension of shape for feature {key} unknown. Consider using FixedLenSequenceFeature. Received "
                f"feature={feature}."
            )
        self.shape = tuple([int(size) for size in sizes if size is not None])
        if isinstance(feature, FixedLenSequenceFeature):
            self._pad(feature)
        elif feature.default_value is None:
            self.default = np.empty(0, self.dtype)
        else:
            self.default = self._filled(host_array(feature.default_value, "default_value", dtype))

    def _pad(self, feature: FixedLenSequenceFeature) -> None:
        if not feature.allow_missing:
            raise ValueError(f"Unsupported: FixedLenSequenceFeature requires allow_missing to be True. {self.key}")
        self.shape = (-1, *self.shape)
        nothing = b"" if self.dtype == _STRINGS else 0
        value = nothing if feature.default_value is None else feature.default_value
        self.default = np.empty((), self.dtype)
        self.default[...] = host_array(value, "default_value", as_dtype(self.dtype))

    def _filled(self, default: np.ndarray) -> np.ndarray:
        """Return the default in the shape of the feature."""
        if default.size != int(np.prod(self.shape)):
            raise InvalidArgumentError(
                f"Feature {self.key}: default_value has {default.size} values, but the shape {list(self.shape)} has "
                f"{int(np.prod(self.shape))}"
            )
        return np.asarray(default, self.dtype).reshape(self.shape)
