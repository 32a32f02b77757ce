"""One function for each row of tensors: ``tf.map_fn``, ``tf.vectorized_map``, ``tf.scan``, ``tf.foldl``, ``tf.foldr``.

At top level these are loops of Python; in a traced function the function is traced once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np

from tenon.core._names import export
from tenon.core.autograph import convert_if_active
from tenon.core.control_flow._loops import scan_arrays
from tenon.core.control_flow._map_composites import as_stated, map_rows_of_composites, stacked
from tenon.core.nest import assert_same_structure, flatten, flatten_with_paths, map_structure, pack_sequence_as
from tenon.core.recording import Kernel, kernel, run, run_saving
from tenon.core.tensors import Tensor, as_tensor, convert_to_tensor
from tenon.core.tracing import Form, executing_eagerly, source_array, taken_apart, trace

Function = Callable[..., Any]


class Rows:
    """Tensors whose first dimensions agree, gone through row by row.

    Args:
        elems: a nested structure of tensors.

    Raises:
        ValueError: there is none, one is a scalar, or the first dimensions differ.
    """

    def __init__(self, elems: Any) -> None:
        leaves = [convert_to_tensor(leaf) for leaf in flatten(elems)]
        if not leaves:
            raise ValueError("elems must be a Tensor or (possibly nested) sequence of Tensors; received none.")
        if any([not leaf.value.ndim for leaf in leaves]):
            raise ValueError("Elements in elems must be 1+ dimensional Tensors, not scalars.")
        lengths = {leaf.value.shape[0] for leaf in leaves}  # which may be symbols
        if len(lengths) > 1:
            raise ValueError(
                f"elems: the first dimensions must agree; received [{', '.join(sorted(map(str, lengths)))}]."
            )
        self._structure = elems
        self.arrays = [leaf.value for leaf in leaves]
        self.dtypes = [leaf.dtype for leaf in leaves]
        self.length = lengths.pop()

    def structured(self, arrays: Sequence[Any]) -> Any:
        """Return one row in the structure of the tensors."""
        return pack_sequence_as(self._structure, [as_tensor(array) for array in arrays])

    def row(self, number: int) -> list[Any]:
        """Return the arrays of one row."""
        return [_row(array, number) for array in self.arrays]

    @property
    def one_by_one(self) -> bool:
        """Whether Python goes through the rows: at top level, and over texts, which are no data of a program."""
        return bool(self.length) and (executing_eagerly() or any([array.dtype == object for array in self.arrays]))

    def without(self, number: int) -> list[Any]:
        """Return the arrays without their first (0) or last (-1) row."""
        return [run(kernel(_without, number=number), [array]) for array in self.arrays]


def _row(array: Any, number: int) -> Any:
    if array.dtype == object:
        return np.array(array[number], object)
    return run(_ROW, [array, np.int32(number)])


_ROW = kernel(lambda rows, number: jax.lax.dynamic_index_in_dim(rows, number, keepdims=False))


def _without(rows: Any, number: int) -> Any:
    return rows[:-1] if number else rows[1:]


@export("map_fn")
def map_fn(
    fn: Function,
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """Return ``fn`` of each row, stacked, ``tf.map_fn``.

    Args:
        fn: takes one row of ``elems`` in its structure; returns a nested structure of tensors.
        elems: a tensor, ragged tensor or nested structure of those with the same first dimension.
        dtype: an old name of ``fn_output_signature``.
        parallel_iterations: ignored: XLA orders the work.
        back_prop: ignored: gradients are always possible.
        swap_memory: ignored.
        infer_shape: ignored: shapes are always known.
        name: ignored.
        fn_output_signature: the dtypes (or ``tf.TensorSpec``, ``tf.RaggedTensorSpec``) of what ``fn`` returns, in its
            structure; ``None`` for those of ``elems``.

    Raises:
        TypeError: ``fn`` cannot be called.
        ValueError: ``elems`` has no rows, or ``fn`` returns another structure than is stated.
        InvalidArgumentError: ``fn`` returns another dtype than is stated, or shapes that differ from row to row.

    Example:
        >>> map_fn(lambda x: x * x, convert_to_tensor([1, 2, 3])).numpy().tolist()
        [1, 4, 9]
    """
    del parallel_iterations, back_prop, swap_memory, infer_shape, name
    stated = fn_output_signature if fn_output_signature is not None else dtype
    if any([hasattr(type(leaf), "__tf_stack__") for leaf in [*flatten(elems), *flatten(stated)]]):
        return map_rows_of_composites(convert_if_active(_callable(fn)), elems, elems if stated is None else stated)
    rows = Rows(elems)
    if stated is None:
        stated = pack_sequence_as(elems, rows.dtypes)
    function = convert_if_active(_callable(fn))

    def one(arrays: Sequence[Any]) -> Any:
        found = function(rows.structured(arrays))
        assert_same_structure(stated, found, check_types=False)
        return pack_sequence_as(
            stated, [as_stated(*pair) for pair in zip(flatten(found), flatten(stated), strict=True)]
        )

    return _mapped(one, rows)


def _callable(fn: Function) -> Function:
    if not callable(fn):
        raise TypeError(f"The provided function {fn!r} is not callable. fn must be callable.")
    return fn


def _mapped(one: Callable[[Sequence[Any]], Any], rows: Rows) -> Any:
    if rows.one_by_one:
        found = [one(rows.row(number)) for number in range(rows.length)]
        return map_structure(lambda *tensors: as_tensor(stacked(tensors)), *found)
    forms: list[Form] = []

    def body(_: Sequence[Any], arrays: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        outputs, form = taken_apart(one(arrays))
        forms.append(form)
        return (), outputs

    _, outputs = scan_arrays(body, [], rows.arrays, rows.length, [], "tf.map_fn")
    return forms[-1].unflatten(outputs)


@export("vectorized_map")
def vectorized_map(fn: Function, elems: Any, fallback_to_while_loop: bool = True, warn: bool = True) -> Any:
    """Return ``fn`` of all rows at once, ``tf.vectorized_map``: it is done on tensors with one more dimension.

    Args:
        fn: takes one row of ``elems`` in its structure; returns a nested structure of tensors. It is traced each time.
        elems: a nested structure of tensors with the same first dimension; a first dimension of 1 goes with all.
        fallback_to_while_loop: whether ``tf.map_fn`` is used where ``fn`` assigns variables (random numbers do) or
            calls Python on the host.
        warn: ignored.

    Raises:
        TypeError: ``fn`` cannot be called.
        ValueError: ``elems`` has no rows, or ``fn`` cannot be vectorized and ``fallback_to_while_loop`` is not set.

    Example:
        >>> vectorized_map(lambda x: x * 2, convert_to_tensor([1, 2])).numpy().tolist()
        [2, 4]
    """
    del warn
    leaves = [convert_to_tensor(leaf) for leaf in flatten(elems)]
    most = max([leaf.value.shape[0] for leaf in leaves if leaf.value.ndim], default=0)
    wide = [as_tensor(run(kernel(_repeated, count=most), [leaf.value])) if leaf.value.ndim else leaf for leaf in leaves]
    rows = Rows(pack_sequence_as(elems, wide))
    function = convert_if_active(_callable(fn))

    def one(*arrays: Any) -> tuple[list[Any], Form]:
        return taken_apart(function(rows.structured(arrays)))

    like = [jax.ShapeDtypeStruct(array.shape[1:], array.dtype) for array in rows.arrays]
    traced = trace(one, like, "vectorized_map")
    if traced.written or traced.pure.effects:
        if not fallback_to_while_loop:
            raise ValueError("fn: assigns variables or calls Python, and such a function cannot be vectorized.")
        return _mapped(lambda arrays: function(rows.structured(arrays)), rows)
    axes = (*[0] * len(like), *[None] * len(traced.sources))
    program = Kernel(jax.vmap(partial(_as_list, traced.function), axes, axis_size=rows.length), "vectorized_map")
    sources = [source_array(source) for source in traced.sources]
    form: Form = traced.extra
    return form.unflatten(run_saving(program, [*rows.arrays, *sources]))


def _as_list(function: Callable[..., Sequence[Any]], *values: Any) -> list[Any]:
    return list(function(*values))


def _repeated(rows: Any, count: int) -> Any:
    return jax.numpy.broadcast_to(rows, (count, *rows.shape[1:])) if rows.shape[0] == 1 else rows


@export("scan")
def scan(
    fn: Function,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """Return every state of ``state = fn(state, row)``, stacked, ``tf.scan``.

    Args:
        fn: takes the state and one row of ``elems``; returns the next state, of the same structure, shapes and dtypes.
        elems: a tensor, or a nested structure of tensors with the same first dimension.
        initializer: the state before the first row; ``None`` for the first row itself.
        parallel_iterations: ignored: XLA orders the work.
        back_prop: ignored: gradients are always possible.
        swap_memory: ignored.
        infer_shape: ignored: shapes are always known.
        reverse: whether to start with the last row; the results stand in the order of the rows all the same.
        name: ignored.

    Raises:
        TypeError: ``fn`` cannot be called, or the state changes its dtype.
        ValueError: ``elems`` has no rows, or the state changes its structure or shape.

    Example:
        >>> scan(lambda total, x: total + x, convert_to_tensor([1, 2, 3])).numpy().tolist()
        [1, 3, 6]
    """
    del parallel_iterations, back_prop, swap_memory, infer_shape, name
    return _fold(fn, elems, initializer, reverse, "tf.scan", keep=True)


@export("foldl")
def foldl(
    fn: Function,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Return the last state of ``state = fn(state, row)``, from the first row on, ``tf.foldl``.

    Errors as in ``tf.scan``.

    Args:
        fn: takes the state and a row, returns the next state.
        elems: a tensor, or a nested structure of tensors, whose rows are taken.
        initializer: the state before the first row; ``None`` for the first row itself.
        parallel_iterations: ignored.
        back_prop: ignored.
        swap_memory: ignored.
        name: ignored.

    Example:
        >>> foldl(lambda total, x: total - x, convert_to_tensor([1, 2, 3])).numpy()
        np.int32(-4)
    """
    del parallel_iterations, back_prop, swap_memory, name
    return _fold(fn, elems, initializer, False, "tf.foldl", keep=False)


@export("foldr")
def foldr(
    fn: Function,
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Return the last state of ``state = fn(state, row)``, from the last row on, ``tf.foldr``.

    Errors as in ``tf.scan``.

    Args:
        fn: takes the state and a row, returns the next state.
        elems: a tensor, or a nested structure of tensors, whose rows are taken.
        initializer: the state before the last row; ``None`` for the last row itself.
        parallel_iterations: ignored.
        back_prop: ignored.
        swap_memory: ignored.
        name: ignored.

    Example:
        >>> foldr(lambda total, x: total - x, convert_to_tensor([1, 2, 3])).numpy()
        np.int32(0)
    """
    del parallel_iterations, back_prop, swap_memory, name
    return _fold(fn, elems, initializer, True, "tf.foldr", keep=False)


def _fold(fn: Function, elems: Any, initializer: Any, reverse: bool, name: str, keep: bool) -> Any:
    rows = Rows(elems)
    function = convert_if_active(_callable(fn))
    first: Any = None
    if initializer is None:
        place = -1 if reverse else 0
        if not rows.length:
            raise ValueError(f"{name}: elems has no rows, so there is no first state; pass an initializer.")
        first = rows.structured(rows.row(rows.length - 1 if reverse else 0))
        rows = Rows(pack_sequence_as(elems, [Tensor(array) for array in rows.without(place)]))
    start = map_structure(convert_to_tensor, initializer) if initializer is not None else first

    def one(state: Any, row: Sequence[Any]) -> Any:
        found = function(state, rows.structured(row))
        assert_same_structure(start, found, check_types=False)
        return map_structure(
            lambda old, new: convert_to_tensor(new, dtype_hint=old.dtype), start, found, check_types=False
        )

    states, last = (_eager_states if rows.one_by_one else _staged_states)(one, start, rows, reverse, name)
    if not keep:
        return last
    return states if first is None else map_structure(partial(_joined, reverse), first, states)


def _like(old: Tensor, new: Any) -> Tensor:
    return convert_to_tensor(new, dtype_hint=old.dtype)


def _eager_states(one: Function, start: Any, rows: Rows, reverse: bool, name: str) -> tuple[Any, Any]:
    del name
    order = range(rows.length - 1, -1, -1) if reverse else range(rows.length)
    state, states = start, []
    for number in order:
        state = one(state, rows.row(number))
        states.append(state)
    ordered = states[::-1] if reverse else states
    return map_structure(lambda *tensors: as_tensor(stacked(tensors)), *ordered), state


def _staged_states(one: Function, start: Any, rows: Rows, reverse: bool, name: str) -> tuple[Any, Any]:
    init, form = taken_apart(start)
    labels = [f"the state{path}" for path, _ in flatten_with_paths(start, True)]

    def body(carry: Sequence[Any], row: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
        found, _ = taken_apart(one(form.unflatten(carry), row))
        return found, found

    last, states = scan_arrays(body, init, rows.arrays, rows.length, labels, name, reverse)
    return form.unflatten(states), form.unflatten(last)


def _joined(reverse: bool, first: Tensor, states: Tensor) -> Tensor:
    return Tensor(run(kernel(_with_first, last=reverse), [first.value, states.value]))


def _with_first(first: Any, states: Any, last: bool) -> Any:
    return jax.numpy.concatenate([states, first[None]] if last else [first[None], states])
