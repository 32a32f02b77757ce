"""What AutoGraph asks of tensors: converted ``if``, ``while`` and ``for`` become operations of the program."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import NAMES
from tenon.core.autograph import LoopOptions, Staging
from tenon.core.callbacks import tell
from tenon.core.control_flow import ShapeChangeError, has_growing, scan_arrays, switch, unrolled, while_arrays
from tenon.core.nest import Composite, assert_same_structure, flatten_with_paths, pack_sequence_as
from tenon.core.operations import DynamicRange
from tenon.core.recording import kernel, run
from tenon.core.tensors import Tensor, TensorShape, array_of, as_dtype, as_tensor, convert_to_tensor, is_tensor_like
from tenon.core.tracing import executing_eagerly, taken_apart, trace

Leaves = dict[str, Any]


def is_staged(value: Any) -> bool:
    """Tell whether control flow that depends on a value belongs into the program: a tensor in a traced function.

    Tensors with values count too, as in TensorFlow: a loop over ``tf.range(1000)`` is a loop of the program.
    """
    if executing_eagerly():
        return False
    if isinstance(value, Tensor):
        return bool(value.value.dtype != object)
    return isinstance(value, DynamicRange | Composite) or (is_tensor_like(value) and not isinstance(value, type))


class _Structure:
    """A nested value without its leaves."""

    def __init__(self, value: Any, count: int) -> None:
        self._value = pack_sequence_as(value, [None] * count)

    def unflatten(self, leaves: Sequence[Any], /) -> Any:
        return pack_sequence_as(self._value, leaves)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Structure):
            return False
        try:
            assert_same_structure(self._value, other._value)
        except (TypeError, ValueError):
            return False
        return True

    def __hash__(self) -> int:
        return hash(type(self._value))


def _flatten(value: Any) -> tuple[list[tuple[str, Any]], _Structure]:
    found = flatten_with_paths(value)
    return found, _Structure(value, len(found))


def _condition(value: Any, statement: str) -> Any:
    array = array_of(value)
    if array.dtype != bool or array.shape:
        raise ValueError(
            f"condition of {statement} statement expected to be `tf.bool` scalar, got a tensor of dtype "
            f"{as_dtype(array.dtype).name} and shape {TensorShape(array.shape)}; compare it with something, or use "
            "`is not None` to check for None."
        )
    return array


def _cond(condition: Any, true_fn: Callable[[], Leaves], false_fn: Callable[[], Leaves]) -> Leaves:
    pred = _condition(condition, "if")
    if isinstance(pred, jax.core.Tracer):
        found: Leaves = switch(pred, (false_fn, true_fn), ("the else branch", "the main branch"), "`if` on a tensor:")
        return found
    if pred:
        taken = true_fn()
        _probe(false_fn)
        return taken
    _probe(true_fn)
    return false_fn()


def _while(
    test: Callable[[Leaves], Any], body: Callable[[Leaves], Leaves], leaves: Leaves, options: LoopOptions
) -> Leaves:
    limit = options.maximum_iterations
    loop = _Loop(leaves if limit is None else leaves | {_COUNT: 0}, options)

    def goes_on(given: Leaves) -> Any:
        answer = _condition(test(_without_count(given)), "while")
        return answer if limit is None else run(_BELOW, [array_of(given[_COUNT]), array_of(limit), answer])

    def turn(given: Leaves) -> Leaves:
        after = body(_without_count(given))
        return after if limit is None else after | {_COUNT: Tensor(run(_INCREMENT, [array_of(given[_COUNT])]))}

    return _without_count(loop.run(goes_on, turn, "while"))


def _for(
    iterables: tuple[Any, ...],
    body: Callable[[Sequence[Any], Leaves], Leaves],
    leaves: Leaves,
    extra_test: Callable[[Leaves], Any] | None,
    options: LoopOptions,
) -> Leaves:
    lengths = [_length(iterable) for iterable in iterables]
    if extra_test is None and options.maximum_iterations is None and all([isinstance(n, int) for n in lengths]):
        return _Loop(leaves, options).scan(iterables, min(lengths), body)

    def goes_on(given: Leaves) -> Any:
        arrays = [array_of(n) for n in lengths]
        more = run(_ALL_BELOW, [array_of(given[_POSITION]), *arrays])
        if extra_test is None:
            return Tensor(more)
        return Tensor(run(_AND, [more, _condition(extra_test(_without(given, _POSITION)), "for")]))

    def turn(given: Leaves) -> Leaves:
        position = array_of(given[_POSITION])
        after = body([_item(iterable, position) for iterable in iterables], _without(given, _POSITION))
        return after | {_POSITION: Tensor(run(_INCREMENT, [position]))}

    return _without(_while(goes_on, turn, leaves | {_POSITION: 0}, options), _POSITION)


_COUNT: Final = "<count>"
_POSITION: Final = "<position>"
_BELOW: Final = kernel(lambda count, limit, answer: (count < limit) & answer)
_ALL_BELOW: Final = kernel(lambda position, *lengths: sum(position >= length for length in lengths) == 0)
_AND: Final = kernel(lambda a, b: a & b)
_INCREMENT: Final = kernel(lambda count: count + np.int32(1))


def _without(leaves: Leaves, name: str) -> Leaves:
    return {key: leaf for key, leaf in leaves.items() if key != name}


def _without_count(leaves: Leaves) -> Leaves:
    return _without(leaves, _COUNT)


class _Loop:
    """The leaves of one loop as arrays in a fixed order."""

    def __init__(self, leaves: Leaves, options: LoopOptions) -> None:
        self._start = {name: _as_tensor(leaf) for name, leaf in leaves.items()}
        self._arrays, self._form = taken_apart(self._start)
        self._labels = [_label(path) for path, _ in flatten_with_paths(self._start, expand_composites=True)]
        self._may_change = bool(options.shape_invariants)

    def run(self, test: Callable[[Leaves], Any], body: Callable[[Leaves], Leaves], name: str) -> Leaves:
        """Run the body while the test holds."""
        if has_growing(self._start):
            return unrolled(test, body, self._start)
        try:
            found = while_arrays(
                lambda arrays: array_of(test(self._form.unflatten(arrays))),
                lambda arrays: self._given(body(self._form.unflatten(arrays))),
                self._arrays,
                self._labels,
                f"`{name}` on a tensor",
            )
        except ShapeChangeError:
            if not self._may_change:
                raise
            return unrolled(test, body, self._start)
        return self._leaves(found)

    def scan(self, iterables: Sequence[Any], length: int, body: Callable[[Sequence[Any], Leaves], Leaves]) -> Leaves:
        """Run the body for the first rows of tensors."""
        rows = [run(kernel(_first_rows, length=length), [array_of(iterable)]) for iterable in iterables]

        def turn(carry: Sequence[Any], items: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
            return self._given(body([Tensor(item) for item in items], self._form.unflatten(carry))), ()

        def in_python() -> Leaves:
            leaves = self._start
            for place in range(length):
                leaves = body([_item(row, np.int32(place)) for row in rows], leaves)
            return leaves

        if has_growing(self._start):
            return in_python()
        try:
            found, _ = scan_arrays(turn, self._arrays, rows, length, self._labels, "`for` over a tensor")
        except ShapeChangeError:
            if not self._may_change:
                raise
            return in_python()
        return self._leaves(found)

    def _leaves(self, arrays: Sequence[Any]) -> Leaves:
        found: Leaves = self._form.unflatten(arrays)
        return found

    def _given(self, leaves: Mapping[str, Any]) -> list[Any]:
        pairs = {name: _as_tensor(leaves[name], like) for name, like in self._start.items()}
        return taken_apart(pairs)[0]


def _as_tensor(leaf: Any, like: Any = None) -> Any:
    hint = like.dtype if isinstance(like, Tensor) else None
    return leaf if isinstance(leaf, Composite) else convert_to_tensor(leaf, dtype_hint=hint)


def _label(path: str) -> str:
    return path.removeprefix("[").removesuffix("]")


def _first_rows(rows: Any, length: int) -> Any:
    return rows[:length]


def _length(iterable: Any) -> Any:
    if isinstance(iterable, DynamicRange):
        return iterable.length
    shape = array_of(iterable).shape
    if not shape:
        raise TypeError("Cannot iterate over a scalar tensor.")
    return int(shape[0])


def _item(iterable: Any, position: Any) -> Tensor:
    if isinstance(iterable, DynamicRange):
        return iterable.item(position)
    return Tensor(run(_ROW, [array_of(iterable), position]))


_ROW: Final = kernel(lambda rows, position: jax.lax.dynamic_index_in_dim(rows, position, keepdims=False))


def _peek(iterable: Any) -> tuple[Any, int | None]:
    length = _length(iterable)
    item = _item(iterable, np.int32(0)) if not isinstance(length, int) or length else iterable
    return item, length if isinstance(length, int) else None


def _probe(function: Callable[[], Any]) -> Any:
    if executing_eagerly():
        return function()
    return trace(lambda: ((), function()), [], "probe").extra


def _zeros_like(leaf: Any) -> Any:
    parts, form = taken_apart(leaf)
    return form.unflatten([as_tensor(np.zeros(part.shape, part.dtype)).value for part in parts])


def _assert_true(condition: Any, message: Any) -> None:
    def check(holds: Any) -> None:
        if not holds:
            raise InvalidArgumentError(f"{message}")

    tell(check, [_condition(condition, "assert")])


def _stacked(reduce: str) -> Callable[..., Any]:
    def reduced(*values: Any) -> Any:
        tensors = values if len(values) > 1 else values[0]
        return NAMES[reduce](NAMES["stack"](tensors) if isinstance(tensors, tuple) else tensors, axis=0)

    return reduced


def _cast(name: str) -> Callable[..., Any]:
    return lambda value: NAMES["cast"](value, name)


def _len(value: Any) -> Any:
    return _length(value)


STAGING: Final = Staging(
    is_staged=is_staged,
    flatten=_flatten,
    cond=_cond,
    while_loop=_while,
    for_loop=_for,
    peek=_peek,
    probe=_probe,
    zeros_like=_zeros_like,
    assert_true=_assert_true,
    overloads={
        operator.not_: lambda value: NAMES["logical_not"](value),
        abs: lambda value: NAMES["abs"](value),
        all: lambda value: NAMES["reduce_all"](value, axis=0),
        any: lambda value: NAMES["reduce_any"](value, axis=0),
        float: _cast("float32"),
        int: _cast("int32"),
        len: _len,
        max: _stacked("reduce_max"),
        min: _stacked("reduce_min"),
        range: lambda *limits: NAMES["range"](*limits),
        sum: lambda value, start=0: NAMES["reduce_sum"](value, axis=0) + start,
    },
)
"""How Tenon stages what AutoGraph converts."""
