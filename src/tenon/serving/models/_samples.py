"""Inputs for a signature that nobody sent: random numbers, or rows of warm-up requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from tenon.saved_model import LoadedSignature
from tenon.serving.engines import Shapes

OPEN_SIZE = 16
"""The size that open dimensions besides the batch take where no request shows another."""

Arrays = Sequence[np.ndarray]


def concrete_shapes(signature: LoadedSignature, batch: int, open_size: int | None = None) -> Shapes | None:
    """Return the inputs' shapes at a batch size.

    Args:
        signature: whose inputs.
        batch: the size of the first dimension where that is open.
        open_size: the size of the other open dimensions.

    Returns:
        A shape for each input; ``None`` where there are other open dimensions and no size for them.
    """
    shapes = []
    for spec in signature.inputs.values():
        sizes = [(open_size if axis else batch) if size is None else size for axis, size in enumerate(spec.shape)]
        shapes.append(tuple(size for size in sizes if size is not None))
        if len(shapes[-1]) < spec.rank:
            return None
    return tuple(shapes)


def random_inputs(signature: LoadedSignature, shapes: Shapes, generator: np.random.Generator) -> list[np.ndarray]:
    """Return random arrays: floats around 0, integers 0 or 1, which every table has.

    Args:
        signature: for the dtypes.
        shapes: of every input.
        generator: where the numbers come from.
    """
    return [_random(generator, shape, dtype) for shape, dtype in zip(shapes, signature.argument_dtypes, strict=True)]


def sample_inputs(
    signature: LoadedSignature, sizes: Sequence[int], requests: Sequence[Mapping[str, np.ndarray]] = ()
) -> list[list[np.ndarray]]:
    """Return inputs to measure with, at the smallest, a middle and the largest size.

    Args:
        signature: what takes them.
        sizes: padded batch sizes, ascending; empty for a signature without a batch.
        requests: what clients send; rows of the first that fits are repeated. Without one, numbers are random.
    """
    chosen = sorted({sizes[0], sizes[len(sizes) // 2], sizes[-1]}) if sizes else []
    given = next((arrays for each in requests if (arrays := _as_arguments(signature, each)) is not None), None)
    if given is not None:
        return [[np.resize(array, (size, *array.shape[1:])) for array in given] for size in chosen] or [given]
    generator = np.random.default_rng(0)
    shapes = [concrete_shapes(signature, size, OPEN_SIZE) for size in chosen or (1,)]
    return [random_inputs(signature, each, generator) for each in shapes if each is not None]


def odd_inputs(signature: LoadedSignature) -> list[list[np.ndarray]]:
    """Return inputs that hold integers far outside of what is usual, where a signature takes integers.

    Args:
        signature: what takes them.
    """
    shapes = concrete_shapes(signature, 4, OPEN_SIZE)
    if shapes is None or not any(dtype.kind in "iu" for dtype in signature.argument_dtypes):
        return []
    arrays = random_inputs(signature, shapes, np.random.default_rng(1))
    return [[_with_extremes(array) if array.dtype.kind in "iu" else array for array in arrays]]


def _as_arguments(signature: LoadedSignature, request: Mapping[str, np.ndarray]) -> list[np.ndarray] | None:
    if set(request) != set(signature.inputs) or any(array.size == 0 for array in request.values()):
        return None
    if not all(spec.accepts(request[name].shape) for name, spec in signature.inputs.items()):
        return None
    pairs = zip(signature.inputs, signature.argument_dtypes, strict=True)
    return [np.ascontiguousarray(request[name], dtype) for name, dtype in pairs]


def _with_extremes(array: np.ndarray) -> np.ndarray:
    limits = np.iinfo(array.dtype)
    return np.resize(np.array([0, 1, limits.max, limits.min], array.dtype), array.shape)


def _random(generator: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    if dtype.kind == "O":
        return np.full(shape, b"", dtype)
    if dtype.kind in "iub":
        return generator.integers(0, 2, shape).astype(dtype)
    return generator.standard_normal(shape).astype(dtype)
