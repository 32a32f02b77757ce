"""Sequences of features parsed to tensors, ``tf.io.parse_sequence_example``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.io._examples import parsed, sizes_of
from tenon.core.io._features import FixedLenFeature, FixedLenSequenceFeature, RaggedFeature, VarLenFeature
from tenon.core.io._host import host_array
from tenon.core.io._messages import SequenceExample
from tenon.core.ragged import RaggedTensor
from tenon.core.sparse import SparseTensor
from tenon.core.tensors import as_dtype, as_tensor, string

Step = Mapping[str, Any]


def _message(data: bytes) -> Any:
    try:
        return SequenceExample.FromString(data)
    except DecodeError as error:
        raise InvalidArgumentError(f"Could not parse sequence example, value: {data[:40]!r}: {error}") from error


def _steps(message: Any, key: str, must_be_there: bool) -> list[Step]:
    """Return the features of a sequence, each as a row with one name."""
    lists = message.feature_lists.feature_list
    if key not in lists and must_be_there:
        raise InvalidArgumentError(
            f"Name: <unknown>, Feature list '{key}' is required but could not be found.  Did you mean to include it in "
            "feature_list_dense_missing_assumed_empty or feature_list_dense_defaults?"
        )
    return [{key: feature} for feature in lists[key].feature] if key in lists else []


def _sequence(key: str, feature: Any, message: Any) -> np.ndarray | list[np.ndarray]:
    """Return the steps of one sequence: stacked where all have one shape, else as they are."""
    must_be_there = isinstance(feature, FixedLenSequenceFeature) and not feature.allow_missing
    steps = _steps(message, key, must_be_there)
    if isinstance(feature, FixedLenSequenceFeature):
        fixed = FixedLenFeature(feature.shape, feature.dtype)
        return np.asarray(parsed({key: fixed}, steps, batched=True)[key].value)
    ragged = parsed({key: RaggedFeature(feature.dtype)}, steps, batched=True)[key]
    flat, splits = ragged.flat_values.numpy(), ragged.row_splits.numpy()
    return [flat[start:end] for start, end in pairwise(splits)]


def _single(key: str, feature: Any, message: Any) -> Any:
    found = _sequence(key, feature, message)
    if isinstance(found, np.ndarray):
        return as_tensor(found)
    return _composite(feature, [found], batched=False)


def _batch(key: str, feature: Any, messages: Sequence[Any]) -> Any:
    found = [_sequence(key, feature, message) for message in messages]
    if not isinstance(feature, FixedLenSequenceFeature):
        return _composite(feature, found, batched=True)
    dtype = as_dtype(feature.dtype)
    shape = (len(found), max(map(len, found)), *sizes_of(feature.shape))
    padded = np.full(shape, b"" if dtype == string else 0, dtype.dtype)
    for place, array in enumerate(found):
        padded[place, : len(array)] = array
    return as_tensor(padded)


def _composite(feature: Any, found: Sequence[Any], batched: bool) -> Any:
    """Return sequences of steps of different lengths as a sparse or as a ragged tensor."""
    flat = [step for sequence in found for step in sequence]
    empty = np.empty(0, np.dtype(object) if feature.dtype == string else feature.dtype.as_numpy_dtype)
    values = as_tensor(np.concatenate([empty, *flat]).astype(empty.dtype))
    lengths = np.array([len(step) for step in flat], np.int64)
    if isinstance(feature, VarLenFeature):
        return _sparse(values, found, lengths, batched)
    rows = RaggedTensor.from_row_lengths(values, lengths)
    counts = np.array([len(sequence) for sequence in found], np.int64)
    ragged = RaggedTensor.from_row_lengths(rows, counts) if batched else rows
    return ragged.with_row_splits_dtype(feature.row_splits_dtype)


def _sparse(values: Any, found: Sequence[Any], lengths: np.ndarray, batched: bool) -> SparseTensor:
    places = [
        (number, step, place)
        for number, sequence in enumerate(found)
        for step, array in enumerate(sequence)
        for place in range(len(array))
    ]
    indices = np.array(places, np.int64).reshape(-1, 3)
    shape = [len(found), max(map(len, found), default=0), int(lengths.max()) if len(lengths) else 0]
    return SparseTensor(indices, values, shape) if batched else SparseTensor(indices[:, 1:], values, shape[1:])


@export("io.parse_single_sequence_example")
def parse_single_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_name: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the features of one ``tf.train.SequenceExample``, ``tf.io.parse_single_sequence_example``.

    Args:
        serialized: one string.
        context_features: how to read the features of the whole, as in ``parse_single_example``.
        sequence_features: how to read the sequences: ``FixedLenSequenceFeature``, ``VarLenFeature`` or
            ``RaggedFeature``; each step is a row.
        example_name: ignored.
        name: ignored.

    Returns:
        The features of the whole, and the sequences: dictionaries from names to tensors, sparse or ragged tensors.

    Raises:
        InvalidArgumentError: the string is no message, or a feature is missing or does not fit.
        ValueError: there are no features, or more than one string.
    """
    del example_name, name
    strings = host_array(serialized, "serialized", string)
    if strings.ndim:
        raise ValueError(f"serialized must be a scalar; received shape {list(strings.shape)}.")
    _check(context_features, sequence_features)
    message = _message(strings.item())
    context = parsed(context_features, [message.context.feature], batched=False) if context_features else {}
    sequences = {key: _single(key, feature, message) for key, feature in (sequence_features or {}).items()}
    return context, sequences


@export("io.parse_sequence_example")
def parse_sequence_example(
    serialized: Any,
    context_features: Any = None,
    sequence_features: Any = None,
    example_names: Any = None,
    name: str | None = None,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return the features of several ``tf.train.SequenceExample`` messages, ``tf.io.parse_sequence_example``.

    Args:
        serialized: a vector of strings.
        context_features: how to read the features of the whole, as in ``parse_example``.
        sequence_features: how to read the sequences; shorter ones of ``FixedLenSequenceFeature`` are padded.
        example_names: ignored.
        name: ignored.

    Returns:
        The features of the whole, the sequences, and how long each padded sequence was (int64 vectors).

    Raises:
        InvalidArgumentError: a string is no message, or a feature is missing or does not fit.
        ValueError: there are no features.
    """
    del example_names, name
    _check(context_features, sequence_features)
    messages = [_message(data) for data in host_array(serialized, "serialized", string).ravel().tolist()]
    rows = [message.context.feature for message in messages]
    context = parsed(context_features, rows, batched=True) if context_features else {}
    sequences = {key: _batch(key, feature, messages) for key, feature in (sequence_features or {}).items()}
    lengths = {
        key: as_tensor(np.array([len(_steps(message, key, False)) for message in messages], np.int64))
        for key, feature in (sequence_features or {}).items()
        if isinstance(feature, FixedLenSequenceFeature)
    }
    return context, sequences, lengths


def _check(context_features: Any, sequence_features: Any) -> None:
    if not (context_features or sequence_features):
        raise ValueError(
            "Both `context_features` and `sequence_features` are None, but at least one should have values."
        )
    for key, feature in (sequence_features or {}).items():
        if not isinstance(feature, FixedLenSequenceFeature | VarLenFeature | RaggedFeature):
            raise ValueError(f"Unsupported {type(feature).__name__} {feature} for key {key!r}")
