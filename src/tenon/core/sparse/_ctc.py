"""What frames of a sequence model spell: the labels, as many as there are, in a sparse tensor."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import jax
import numpy as np

from tenon.base import FailedPreconditionError, InvalidArgumentError
from tenon.core._names import export
from tenon.core.sparse._tensor import SparseTensor
from tenon.core.tensors import Tensor, array_of, as_tensor


@export("nn.ctc_greedy_decoder")
def ctc_greedy_decoder(
    inputs: Any, sequence_length: Any, merge_repeated: bool = True, blank_index: int | None = None
) -> tuple[list[SparseTensor], Tensor]:
    """Return the labels of the best class at each frame, ``tf.nn.ctc_greedy_decoder``.

    Args:
        inputs: logits ``[frames, batch, classes]``.
        sequence_length: int32 ``[batch]``: how many frames of each sequence count.
        merge_repeated: whether a class that comes twice in a row is one label.
        blank_index: the class that is no label; a negative one counts from the end, ``None`` is the last.

    Returns:
        A list of one sparse tensor of int64 labels ``[batch, longest]``, and minus the sum of the best logits,
        ``[batch, 1]``.

    Raises:
        FailedPreconditionError: there is not one length for each sequence, or one is larger than the frames.
        InvalidArgumentError: ``inputs`` has not 3 dimensions, the blank is no class, or a function is being traced.

    Example:
        >>> logits = [[[0.0, 2.0, 1.0]], [[0.0, 2.0, 1.0]], [[3.0, 0.0, 1.0]]]
        >>> (decoded,), scores = ctc_greedy_decoder(logits, [3])
        >>> decoded.values.numpy().tolist(), scores.numpy().tolist()
        ([1, 0], [[-7.0]])
    """
    logits, lengths = _on_host(inputs), _on_host(sequence_length)
    if logits.ndim != 3:
        raise InvalidArgumentError(f"inputs: must be [frames, batch, classes]; received {list(logits.shape)}.")
    frames, batch, classes = logits.shape
    if lengths.shape != (batch,) or (batch and lengths.max() > frames):
        raise FailedPreconditionError(
            f"sequence_length: must be one number, at most the {frames} frames, for each of {batch} sequences; "
            f"received {lengths.tolist()}."
        )
    blank = _blank(blank_index, classes)
    best = logits.argmax(-1)
    labels = [_labels(best[:count, row].tolist(), merge_repeated, blank) for row, count in enumerate(lengths.tolist())]
    counted = np.arange(frames)[:, None] < lengths
    return [_ragged_rows(labels)], as_tensor(-np.where(counted, logits.max(-1), 0).sum(0, dtype=logits.dtype)[:, None])


def _on_host(value: Any) -> np.ndarray:
    array = array_of(value)
    if isinstance(array, jax.core.Tracer):
        raise InvalidArgumentError(
            "ctc_greedy_decoder: how many labels it returns depends on values, and XLA compiles for fixed shapes; call "
            "it outside of the function that is being traced, or use tf.py_function."
        )
    return np.asarray(array)


def _blank(blank_index: int | None, classes: int) -> int:
    index = classes - 1 if blank_index is None else blank_index
    if not -classes <= index < classes:
        raise InvalidArgumentError(
            f"blank_index: expected to be between {-classes} and {classes - 1}; received {blank_index}."
        )
    return index % classes


def _labels(path: list[int], merge_repeated: bool, blank: int) -> list[int]:
    kept = [now for before, now in pairwise([None, *path]) if not (merge_repeated and now == before)]
    return [label for label in kept if label is not None and label != blank]


def _ragged_rows(rows: list[list[int]]) -> SparseTensor:
    places = [(row, place) for row, labels in enumerate(rows) for place in range(len(labels))]
    values = [label for labels in rows for label in labels]
    shape = [len(rows), max(map(len, rows), default=0)]
    return SparseTensor(np.reshape(np.array(places, np.int64), (-1, 2)), np.array(values, np.int64), shape)
