"""Operations element by element: rows of the same lengths go together, sizes of 1 are repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import NAMES, export
from tenon.core.operations import Operation, gather, reshape
from tenon.core.ragged._partition import RowPartition, ranges
from tenon.core.ragged._rows import as_ragged, beside, rank_of
from tenon.core.ragged._tensor import RaggedTensor, handles, rebuilt
from tenon.core.tensors import array_of

_UNARY: Final = (
    *("math.reciprocal", "math.reciprocal_no_nan", "math.negative", "math.square", "math.is_finite", "math.is_inf"),
    *("math.is_nan", "math.logical_not", "bitwise.invert", "math.real", "math.imag", "math.conj", "math.angle"),
    *("dtypes.cast", "dtypes.saturate_cast", "bitcast", "zeros_like", "ones_like", "identity", "stop_gradient"),
    *("math.abs", "math.sign", "math.sqrt", "math.rsqrt", "math.exp", "math.expm1", "math.log", "math.log1p"),
    *("math.sin", "math.cos", "math.tan", "math.asin", "math.acos", "math.atan", "math.sinh", "math.cosh"),
    *("math.tanh", "math.asinh", "math.acosh", "math.atanh", "math.sigmoid", "math.log_sigmoid", "math.floor"),
    *("math.ceil", "math.rint", "math.round", "math.erf", "math.erfc", "math.erfinv", "math.erfcinv", "math.ndtri"),
    *("math.lgamma", "math.digamma", "math.special.dawsn", "math.special.expint", "math.special.fresnel_cos"),
    *("math.special.fresnel_sin", "math.special.spence", "math.special.bessel_i0", "math.special.bessel_i0e"),
    *("math.special.bessel_i1", "math.special.bessel_i1e", "nn.relu", "nn.relu6", "nn.leaky_relu", "nn.elu"),
    *("nn.selu", "nn.gelu", "nn.silu", "math.softplus", "nn.softsign", "one_hot", "strings.length", "strings.lower"),
    *("strings.upper", "strings.strip", "strings.to_number", "strings.as_string", "strings.to_hash_bucket"),
    *("strings.to_hash_bucket_fast", "strings.to_hash_bucket_strong", "strings.regex_full_match"),
    *(
        "strings.regex_replace",
        "strings.unicode_transcode",
        "strings.unicode_script",
        "strings.substr",
        "clip_by_value",
    ),
)
_BINARY: Final = (
    *("math.add", "math.subtract", "math.multiply", "math.truediv", "math.divide", "realdiv", "math.floordiv"),
    *("math.floormod", "truncatediv", "truncatemod", "math.divide_no_nan", "math.multiply_no_nan"),
    *("math.squared_difference", "math.pow", "math.maximum", "math.minimum", "math.xdivy", "math.xlogy"),
    *("math.xlog1py", "math.equal", "math.not_equal", "math.greater", "math.greater_equal", "math.less"),
    *("math.less_equal", "math.logical_and", "math.logical_or", "math.logical_xor", "bitwise.bitwise_and"),
    *("bitwise.bitwise_or", "bitwise.bitwise_xor", "bitwise.left_shift", "bitwise.right_shift", "dtypes.complex"),
    *("math.atan2", "math.zeta", "math.polygamma", "math.igamma", "math.igammac", "math.betainc", "math.nextafter"),
    "math.scalar_mul",
)
_LISTS: Final = ("math.add_n", "math.accumulate_n", "strings.join")


@handles(*_UNARY, *_BINARY)
def _elementwise(row: Operation, arguments: Mapping[str, Any]) -> Any:
    names = [p.name for p in row.tensors if arguments[p.name] is not None]
    public = NAMES[row.name]
    rest = {name: value for name, value in arguments.items() if name not in names}

    def compute(*values: Any) -> Any:
        return public(**dict(zip(names, values, strict=True)), **rest)

    return broadcast(compute, [arguments[name] for name in names])


@handles(*_LISTS)
def _elementwise_on_list(row: Operation, arguments: Mapping[str, Any]) -> Any:
    (name,) = [p.name for p in row.tensors]
    rest = {key: value for key, value in arguments.items() if key != name}
    return broadcast(lambda *values: NAMES[row.name](list(values), **rest), arguments[name])


class _Aligned(NamedTuple):
    """An operand in the form that all operands share.

    Attributes:
        rows: its partitions, from the outside in.
        flat: its innermost values.
        places: which of its rows (at last: of its innermost values) stand at each place of the result.
    """

    rows: tuple[RowPartition, ...]
    flat: Any
    places: np.ndarray

    @property
    def chosen(self) -> Any:
        """The innermost values of the result."""
        size = self.flat.shape[0]
        same = len(self.places) == size and np.array_equal(self.places, np.arange(size))
        return self.flat if same else gather(self.flat, self.places)


def broadcast(function: Callable[..., Any], operands: Sequence[Any]) -> Any:
    """Return what a function of dense tensors, element by element, is for ragged tensors, tensors and numbers.

    Raises:
        InvalidArgumentError: rows differ in length.
    """
    ragged = [operand for operand in operands if isinstance(operand, RaggedTensor)]
    if not ragged:
        return function(*operands)
    first = ragged[0]
    inner = rank_of(first) - first.ragged_rank
    plain = [operand for operand in operands if not isinstance(operand, RaggedTensor)]
    if all([_same_form(first, other) for other in ragged]) and all([_fits_inside(other, inner) for other in plain]):
        flats = [operand.flat_values if isinstance(operand, RaggedTensor) else operand for operand in operands]
        return first.with_flat_values(function(*flats))
    values = [operand if _is_number(operand) else beside(operand, first.dtype) for operand in operands]
    return _broadcast_forms(function, values)


def _is_number(value: Any) -> bool:
    return isinstance(value, bool | int | float | complex | str | bytes)


def _fits_inside(value: Any, inner: int) -> bool:
    return _is_number(value) or rank_of(value) < inner or rank_of(value) == 0


def _same_form(x: RaggedTensor, y: RaggedTensor) -> bool:
    if x is y:
        return True
    pairs = zip(x.partitions, y.partitions, strict=False)
    return x.ragged_rank == y.ragged_rank and rank_of(x) == rank_of(y) and all([a.same_rows(b) for a, b in pairs])


def _broadcast_forms(function: Callable[..., Any], values: Sequence[Any]) -> Any:
    tensors = [value for value in values if not _is_number(value)]
    rank = max(map(rank_of, tensors))
    depth = max([rank - rank_of(x) + x.ragged_rank for x in tensors if isinstance(x, RaggedTensor)])
    aligned, rows = _matched([_with_rank(value, rank, depth) for value in tensors])
    flats = iter([operand.chosen for operand in aligned])
    return rebuilt(rows, function(*[value if _is_number(value) else next(flats) for value in values]))


def _with_rank(value: Any, rank: int, depth: int) -> Any:
    """Return a value with ``rank`` dimensions, of which ``depth`` are cut into rows."""
    missing = rank - rank_of(value)
    if not isinstance(value, RaggedTensor):
        return as_ragged(reshape(value, [1] * missing + list(array_of(value).shape)), depth)
    found = value
    for _ in range(missing):
        found = RaggedTensor(found, RowPartition.of_equal_rows(found.partition.count, 1))
    return as_ragged(found, depth)


def _matched(operands: Sequence[RaggedTensor]) -> tuple[list[_Aligned], list[RowPartition]]:
    counts = [operand.partition.count for operand in operands]
    count = next((size for size in counts if size != 1), 1)
    if any([size not in (1, count) for size in counts]):
        raise _mismatch(0, counts)
    every = np.arange(count)
    found = [
        _Aligned(operand.partitions, operand.flat_values, every if size == count else np.zeros(count, np.int64))
        for operand, size in zip(operands, counts, strict=True)
    ]
    rows = []
    for level in range(len(found[0].rows)):
        found, partition = _matched_rows(found, level)
        rows.append(partition)
    return found, rows


def _matched_rows(operands: list[_Aligned], level: int) -> tuple[list[_Aligned], RowPartition]:
    """Match the rows of one dimension: an operand whose rows are promised to have the length 1 follows the others."""
    parts = [operand.rows[level] for operand in operands]
    lengths = [part.lengths[operand.places] for part, operand in zip(parts, operands, strict=True)]
    repeated = [part.uniform == 1 for part in parts]
    leader = next((place for place, repeats in enumerate(repeated) if not repeats), 0)
    if any(
        [not repeats and not np.array_equal(x, lengths[leader]) for x, repeats in zip(lengths, repeated, strict=True)]
    ):
        raise _mismatch(level + 1, [x.tolist() for x, repeats in zip(lengths, repeated, strict=True) if not repeats])
    target = lengths[leader]
    places = [
        np.repeat(part.starts[operand.places], target) if repeats else ranges(part.starts[operand.places], target)
        for part, operand, repeats in zip(parts, operands, repeated, strict=True)
    ]
    moved = [operand._replace(places=place) for operand, place in zip(operands, places, strict=True)]
    uniform = next((part.uniform for part in parts if part.uniform not in (None, 1)), parts[leader].uniform)
    return moved, RowPartition.of_lengths(target, uniform, parts[leader].splits.dtype.type)


def _mismatch(axis: int, sizes: Any) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"Incompatible shapes: rows of ragged tensors must have the same lengths along dimension {axis}, or one of "
        f"them the uniform length 1; received {sizes}."
    )


@export("ragged.map_flat_values")
def map_flat_values(op: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return what a function gives for the innermost values, in the same rows, ``tf.ragged.map_flat_values``.

    Args:
        op: a function that gets the values of ragged tensors in their places, and returns a tensor with as many.
        *args: its arguments; lists and dictionaries may hold ragged tensors.
        **kwargs: its arguments by name.

    Raises:
        ValueError: rows of several ragged tensors differ, or ``op`` returned another number of values.

    Example:
        >>> map_flat_values(lambda x: x * 2, RaggedTensor.from_row_lengths([1, 2], [0, 2]))
        <tf.RaggedTensor [[], [2, 4]]>
    """
    found: list[RaggedTensor] = []
    flat_args, flat_kwargs = _opened(args, found), _opened(kwargs, found)
    result = op(*flat_args, **flat_kwargs)
    if not found:
        return result
    first = found[0]
    if not all([_same_rows(first, other) for other in found]):
        raise ValueError("tf.ragged.map_flat_values: all ragged tensors must have the same rows.")
    size = first.flat_values.shape[0]
    inner = result.flat_values if isinstance(result, RaggedTensor) else result
    if array_of(inner).ndim == 0 or (result.shape[0] if isinstance(result, RaggedTensor) else inner.shape[0]) != size:
        raise ValueError(
            "tf.ragged.map_flat_values requires that the output of `op` have the same outer-dimension size as "
            f"flat_values of any ragged inputs. (output shape: {result.shape}; expected outer dimension size: {size})"
        )
    return rebuilt(first.partitions, result)


def _same_rows(x: RaggedTensor, y: RaggedTensor) -> bool:
    pairs = zip(x.partitions, y.partitions, strict=False)
    return x.ragged_rank == y.ragged_rank and all([a.same_rows(b) for a, b in pairs])


def _opened(value: Any, found: list[RaggedTensor]) -> Any:
    if isinstance(value, RaggedTensor):
        found.append(value)
        return value.flat_values
    if isinstance(value, tuple | list):
        return type(value)([_opened(item, found) for item in value])
    if isinstance(value, dict):
        return {key: _opened(item, found) for key, item in value.items()}
    return value
