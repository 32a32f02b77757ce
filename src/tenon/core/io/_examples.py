"""Examples parsed to tensors, ``tf.io.parse_example``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from google.protobuf.message import DecodeError

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.io._example_symbols import parsed_symbols, symbol_of
from tenon.core.io._features import (
    FixedLenFeature,
    FixedLenSequenceFeature,
    RaggedFeature,
    SparseFeature,
    UniformRowLength,
    VarLenFeature,
)
from tenon.core.io._host import host_array
from tenon.core.io._messages import Example
from tenon.core.ragged import RaggedTensor
from tenon.core.sparse import SparseTensor
from tenon.core.tensors import DType, Tensor, as_dtype, as_shape, as_tensor, string

Row = Mapping[str, Any]
"""The features of one example by their names: messages."""

_KINDS: Final = {"float32": "float_list", "int64": "int64_list", "string": "bytes_list"}
_DTYPES: Final = {kind: name for name, kind in _KINDS.items()}


def _type(dtype: Any, key: str) -> DType:
    found = as_dtype(dtype)
    if found.name not in _KINDS:
        raise InvalidArgumentError(
            f"Feature {key}: {found.name} is not in the list of allowed values: float32, int64, string. Use tf.cast."
        )
    return found


def _values(row: Row, key: str, dtype: DType) -> np.ndarray | None:
    """Return the values of a feature; ``None`` where an example is without it.

    Raises:
        InvalidArgumentError: they are of another type.
    """
    kind = row[key].WhichOneof("kind") if key in row else None
    if kind is None:
        return None
    if kind != _KINDS[dtype.name]:
        raise InvalidArgumentError(
            f"Key: {key}.  Data types don't match. Data type: {_DTYPES[kind]} but expected type: {dtype.name}"
        )
    return _array(list(getattr(row[key], kind).value), dtype)


def _array(values: Sequence[Any], dtype: DType) -> np.ndarray:
    array = np.empty(len(values), dtype.dtype)
    array[:] = values
    return array


def _empty(dtype: DType) -> np.ndarray:
    return np.empty(0, dtype.dtype)


def sizes_of(shape: Any) -> list[int]:
    """Return the sizes of a shape of which all are known."""
    sizes: list[Any] = as_shape(shape).as_list()
    return sizes


def _fixed(key: str, feature: FixedLenFeature, rows: Sequence[Row]) -> list[np.ndarray]:
    dtype = _type(feature.dtype, key)
    if None in as_shape(feature.shape).as_list():
        raise ValueError(
            f"First dimension of shape for feature {key} unknown. Consider using FixedLenSequenceFeature. Received "
            f"feature={feature}."
        )
    shape = sizes_of(feature.shape)
    default = None if feature.default_value is None else _default(key, feature.default_value, dtype, shape)
    return [_one_fixed(key, dtype, shape, default, row) for row in rows]


def _default(key: str, value: Any, dtype: DType, shape: Sequence[int]) -> np.ndarray:
    array = host_array(value, "default_value", dtype)
    if array.size != int(np.prod(shape)):
        raise InvalidArgumentError(
            f"Feature {key}: default_value has {array.size} values, but the shape {list(shape)} has "
            f"{int(np.prod(shape))}"
        )
    return array.reshape(shape)


def _one_fixed(key: str, dtype: DType, shape: Sequence[int], default: np.ndarray | None, row: Row) -> np.ndarray:
    values = _values(row, key, dtype)
    if values is None and default is None:
        raise InvalidArgumentError(f"Feature: {key} (data type: {dtype.name}) is required but could not be found.")
    if values is None:
        assert default is not None
        return default
    if values.size != int(np.prod(shape)):
        raise InvalidArgumentError(
            f"Key: {key}.  Can't parse serialized Example: Number of {dtype.name} values != expected.  Values size: "
            f"{values.size} but output shape: {list(shape)}"
        )
    return values.reshape(shape)


def _sequence(key: str, feature: FixedLenSequenceFeature, rows: Sequence[Row]) -> list[np.ndarray]:
    if not feature.allow_missing:
        raise ValueError("Unsupported: FixedLenSequenceFeature requires allow_missing to be True.")
    dtype, shape = _type(feature.dtype, key), sizes_of(feature.shape)
    return [_one_sequence(key, dtype, shape, row) for row in rows]


def _one_sequence(key: str, dtype: DType, shape: Sequence[int], row: Row) -> np.ndarray:
    values = _values(row, key, dtype)
    values = _empty(dtype) if values is None else values
    size = int(np.prod(shape))
    if values.size % size:
        raise InvalidArgumentError(
            f"Key: {key}.  Number of {dtype.name} values is not a multiple of stride length. Saw {values.size} values "
            f"but output shape is: {list(shape)}"
        )
    return values.reshape(-1, *shape)


def _padding(key: str, feature: FixedLenSequenceFeature, dtype: DType) -> Any:
    if feature.default_value is None:
        return b"" if dtype == string else 0
    return _default(key, feature.default_value, dtype, []).item()


def _padded(key: str, feature: FixedLenSequenceFeature, rows: Sequence[Row]) -> Tensor:
    arrays = _sequence(key, feature, rows)
    dtype, longest = as_dtype(feature.dtype), max(map(len, arrays), default=0)
    padded = np.full((len(arrays), longest, *sizes_of(feature.shape)), _padding(key, feature, dtype), dtype.dtype)
    for place, array in enumerate(arrays):
        padded[place, : len(array)] = array
    return as_tensor(padded)


def _any_length(key: str, feature: VarLenFeature, rows: Sequence[Row]) -> list[np.ndarray]:
    dtype = _type(feature.dtype, key)
    found = [_values(row, key, dtype) for row in rows]
    return [_empty(dtype) if values is None else values for values in found]


def _sparse_rows(arrays: Sequence[np.ndarray]) -> SparseTensor:
    lengths = list(map(len, arrays))
    rows = np.repeat(np.arange(len(arrays)), lengths)
    columns = np.concatenate([np.arange(length) for length in lengths] or [np.empty(0, np.int64)])
    indices = np.stack([rows, columns], axis=1).astype(np.int64).reshape(-1, 2)
    return SparseTensor(indices, as_tensor(np.concatenate(arrays)), [len(arrays), max(lengths, default=0)])


def _sparse_row(array: np.ndarray) -> SparseTensor:
    return SparseTensor(np.arange(len(array)).reshape(-1, 1), as_tensor(array), [len(array)])


def _by_index(key: str, feature: SparseFeature, rows: Sequence[Row], batched: bool) -> SparseTensor:
    """Join features of indices and one of values to a sparse tensor."""
    dtype, index_type = _type(feature.dtype, key), as_dtype("int64")
    keys = feature.index_key if isinstance(feature.index_key, list | tuple) else [feature.index_key]
    sizes = feature.size if isinstance(feature.size, list | tuple) else [feature.size]
    if len(keys) != len(sizes):
        raise ValueError(f"SparseFeature {key}: there must be one size for each index key; got {sizes} for {keys}.")
    indices, values = [], []
    for place, row in enumerate(rows):
        found = [_known(_values(row, name, index_type), index_type) for name in keys]
        numbers = _known(_values(row, feature.value_key, dtype), dtype)
        if any(len(column) != len(numbers) for column in found):
            raise InvalidArgumentError(f"SparseFeature {key}: example {place} has not one index for each value.")
        columns = [np.full(len(numbers), place), *found] if batched else found
        indices.append(np.stack(columns, axis=1).reshape(-1, len(columns)).astype(np.int64))
        values.append(numbers)
    places, numbers = np.concatenate(indices), np.concatenate(values)
    order = slice(None) if feature.already_sorted else np.lexsort(places.T[::-1])
    return SparseTensor(places[order], as_tensor(numbers[order]), [len(rows), *sizes] if batched else sizes)


def _known(values: np.ndarray | None, dtype: DType) -> np.ndarray:
    return _empty(dtype) if values is None else values


_CUTS: Final[Mapping[str, Callable[..., RaggedTensor]]] = {
    "RowSplits": RaggedTensor.from_row_splits,
    "RowLengths": RaggedTensor.from_row_lengths,
    "RowStarts": RaggedTensor.from_row_starts,
    "RowLimits": RaggedTensor.from_row_limits,
    "ValueRowIds": RaggedTensor.from_value_rowids,
}


def _ragged(key: str, feature: RaggedFeature, row: Row) -> Any:
    """Return the values of one example, cut into rows as the feature says."""
    dtype, index_type = _type(feature.dtype, key), as_dtype("int64")
    found: Any = as_tensor(_known(_values(row, feature.value_key or key, dtype), dtype))
    for partition in reversed(list(feature.partitions)):
        if isinstance(partition, UniformRowLength):
            found = RaggedTensor.from_uniform_row_length(found, partition.length)
        else:
            numbers = _known(_values(row, partition.key, index_type), index_type)
            cut = _CUTS[type(partition).__name__]
            found = cut(found, numbers)
    return found.with_row_splits_dtype(feature.row_splits_dtype) if feature.partitions else found


def _ragged_or_dense(key: str, feature: RaggedFeature, row: Row) -> Any:
    """Return what ``_ragged`` returns; a tensor where all rows have one length by the feature's description."""
    found = _ragged(key, feature, row)
    if not feature.partitions or not all(isinstance(part, UniformRowLength) for part in feature.partitions):
        return found
    return as_tensor(found.flat_values.numpy().reshape(-1, *[part.length for part in feature.partitions]))


def _ragged_rows(key: str, feature: RaggedFeature, rows: Sequence[Row]) -> RaggedTensor:
    """Put the values of several examples one after the other: each example is a row, outside of all other rows."""
    parts = [_ragged(key, feature, row) for row in rows]
    dtype = as_dtype(feature.row_splits_dtype)
    lengths = [int(part.nrows()) if feature.partitions else int(part.shape[0]) for part in parts]
    if not feature.partitions:
        flat = np.concatenate([part.numpy() for part in parts] or [_empty(as_dtype(feature.dtype))])
        return RaggedTensor.from_row_lengths(as_tensor(flat), np.array(lengths, dtype.dtype))
    flat = np.concatenate([part.flat_values.numpy() for part in parts])
    depth = len(parts[0].nested_row_splits)
    inner = [
        np.concatenate([np.diff(part.nested_row_splits[level].numpy()) for part in parts]).astype(dtype.dtype)
        for level in range(depth)
    ]
    return RaggedTensor.from_nested_row_lengths(as_tensor(flat), [np.array(lengths, dtype.dtype), *inner])


Parser = Callable[[str, Any, Sequence[Row]], Any]

_BATCH: Final[Mapping[type, Parser]] = {
    FixedLenFeature: lambda key, feature, rows: as_tensor(_stacked(key, feature, rows)),
    FixedLenSequenceFeature: _padded,
    VarLenFeature: lambda key, feature, rows: _sparse_rows(_any_length(key, feature, rows)),
    SparseFeature: lambda key, feature, rows: _by_index(key, feature, rows, batched=True),
    RaggedFeature: _ragged_rows,
}
_SINGLE: Final[Mapping[type, Parser]] = {
    FixedLenFeature: lambda key, feature, rows: as_tensor(_fixed(key, feature, rows)[0]),
    FixedLenSequenceFeature: lambda key, feature, rows: as_tensor(_sequence(key, feature, rows)[0]),
    VarLenFeature: lambda key, feature, rows: _sparse_row(_any_length(key, feature, rows)[0]),
    SparseFeature: lambda key, feature, rows: _by_index(key, feature, rows, batched=False),
    RaggedFeature: lambda key, feature, rows: _ragged_or_dense(key, feature, rows[0]),
}


def _stacked(key: str, feature: FixedLenFeature, rows: Sequence[Row]) -> np.ndarray:
    arrays = _fixed(key, feature, rows)
    if arrays:
        return np.stack(arrays)
    return np.empty((0, *sizes_of(feature.shape)), as_dtype(feature.dtype).dtype)


def parsed(features: Any, rows: Sequence[Row], batched: bool) -> dict[str, Any]:
    """Return what each feature is in the rows, or in the only one.

    Raises:
        ValueError: there are no features, or one is no description of a feature.
        InvalidArgumentError: a row does not fit a description.
    """
    if features is None:
        raise ValueError("Invalid argument: features cannot be None.")
    if not features:
        raise ValueError("Invalid argument: features cannot be empty.")
    parsers = _BATCH if batched else _SINGLE
    for key, feature in features.items():
        if type(feature) not in parsers:
            raise ValueError(f"Unsupported {type(feature).__name__} {feature} for key {key!r}")
    return {key: parsers[type(feature)](key, feature, rows) for key, feature in features.items()}


def _example(data: bytes) -> Row:
    try:
        row: Row = Example.FromString(data).features.feature
    except DecodeError as error:
        raise InvalidArgumentError(f"Could not parse example input, value: {data[:40]!r}: {error}") from error
    return row


@export("io.parse_example")
def parse_example(serialized: Any, features: Any, example_names: Any = None, name: str | None = None) -> dict[str, Any]:
    """Return the features of serialized ``tf.train.Example`` messages, ``tf.io.parse_example``.

    Args:
        serialized: a vector of strings; one string is parsed as by ``parse_single_example``.
        features: a dictionary from names to ``FixedLenFeature``, ``FixedLenSequenceFeature``, ``VarLenFeature``,
            ``SparseFeature`` or ``RaggedFeature``.
        example_names: ignored.
        name: ignored.

    Returns:
        A dictionary from names to tensors, sparse tensors or ragged tensors whose first dimension is the examples.

    Raises:
        InvalidArgumentError: a string is no message, a feature is missing, or has another dtype or another number of
            values.
        ValueError: there are no features, or one is no description of a feature.

    Example:
        >>> from tenon.core.io import Feature, Features, Int64List
        >>> row = Example(features=Features(feature={"a": Feature(int64_list=Int64List(value=[5]))}))
        >>> parse_example([row.SerializeToString()], {"a": FixedLenFeature([], "int64")})["a"].numpy()
        array([5])
    """
    del example_names, name
    symbol = symbol_of(serialized)
    if symbol is not None:
        return parsed_symbols(features, symbol)
    strings = host_array(serialized, "serialized", string)
    if strings.ndim > 1:
        raise InvalidArgumentError(f"Expected serialized to be a scalar or vector, got shape: {list(strings.shape)}")
    rows = [_example(data) for data in strings.ravel().tolist()]
    return parsed(features, rows, batched=bool(strings.ndim))


@export("io.parse_single_example")
def parse_single_example(
    serialized: Any, features: Any, example_names: Any = None, name: str | None = None
) -> dict[str, Any]:
    """Return the features of one serialized ``tf.train.Example``, ``tf.io.parse_single_example``.

    Args:
        serialized: one string.
        features: as in ``parse_example``.
        example_names: ignored.
        name: ignored.

    Raises:
        InvalidArgumentError: as in ``parse_example``.
        ValueError: there is more than one string, or as in ``parse_example``.
    """
    del example_names, name
    symbol = symbol_of(serialized)
    if symbol is not None and not symbol.ndim:
        return parsed_symbols(features, symbol)
    strings = host_array(serialized, "serialized", string)
    if strings.ndim:
        raise ValueError(f"Input serialized must be a scalar; received shape {list(strings.shape)}.")
    return parsed(features, [_example(strings.item())], batched=False)
