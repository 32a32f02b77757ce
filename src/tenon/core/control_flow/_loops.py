"""Loops that run in the program: the body is traced once, what it assigns is carried from iteration to iteration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax

from tenon.base import InvalidArgumentError
from tenon.core.control_flow._dynamic_while import dynamic_while
from tenon.core.control_flow._inputs import Inputs
from tenon.core.control_flow._unallocated import allocated
from tenon.core.recording import Kernel, run_saving
from tenon.core.tensors import TensorShape, as_dtype
from tenon.core.tracing import Access, Traced, linked, trace

Arrays = Sequence[Any]
ArraysFunction = Callable[[Arrays], Sequence[Any]]


def while_arrays(
    test: Callable[[Arrays], Any], body: ArraysFunction, init: Arrays, labels: Sequence[str], name: str
) -> list[Any]:
    """Run ``arrays = body(arrays)`` while ``test(arrays)`` holds; return the last arrays.

    Args:
        test: returns a bool scalar.
        body: returns arrays of the shapes and dtypes that it takes.
        init: the first arrays.
        labels: what messages call the arrays.
        name: the public function, for messages.

    Raises:
        TypeError: the test returns no bool scalar, or the body changes a dtype.
        ValueError: the body changes a shape.
    """
    traced_test = trace(partial(_tested, test, name), init, f"{name}_cond")
    traced_body = trace(lambda *arrays: (list(body(arrays)), None), init, f"{name}_body")
    first = allocated(init, traced_body.outputs)
    if any([new is not old for new, old in zip(first, init, strict=True)]):
        return while_arrays(test, body, first, labels, name)
    check_carry(init, traced_body.outputs, labels, name)
    written = {id(variable): variable for variable in (*traced_test.written, *traced_body.written)}
    inputs = Inputs()
    old = [inputs.place(Access(variable)) for variable in written.values()]
    step = _Step(traced_test, len(init), inputs, list(written.values()))
    turn = _Step(traced_body, len(init), inputs, list(written.values()))
    tests_write = bool(traced_test.written)
    program = partial(_while_with_effects if tests_write else _while, step, turn, len(init), old)
    effects = bool(traced_test.pure.effects | traced_body.pure.effects)
    results = run_saving(Kernel(program, name), [*init, *inputs.arrays()], effects)
    inputs.assign(written.values(), results[len(init) :])
    return list(results[: len(init)])


class _Step:
    """A traced function of the carry: ``(carry, values of all inputs) -> (outputs, new state of the variables)``."""

    def __init__(self, traced: Traced, arguments: int, inputs: Inputs, written: Sequence[Any]) -> None:
        carried = {id(variable): arguments + place for place, variable in enumerate(written)}
        self._function = traced.function
        self._outputs = len(traced.outputs)
        self._arguments = arguments
        self._sources = [
            (True, carried[id(source.variable)])
            if isinstance(source, Access) and id(source.variable) in carried
            else (False, inputs.place(source))
            for source in traced.sources
        ]
        self._old = {arguments + place: inputs.place(Access(variable)) for place, variable in enumerate(written)}
        own = {id(variable): self._outputs + place for place, variable in enumerate(traced.written)}
        self._state = [
            (id(variable) in own, own.get(id(variable), arguments + n)) for n, variable in enumerate(written)
        ]

    def __call__(self, carry: Arrays, values: Arrays) -> tuple[list[Any], list[Any]]:
        given = [
            linked(carry[place], values[self._old[place]]) if carried else values[place]
            for carried, place in self._sources
        ]
        results = self._function(*carry[: self._arguments], *given)
        state = [results[place] if new else carry[place] for new, place in self._state]
        return [_strong(array) for array in results[: self._outputs]], [_strong(array) for array in state]


def _while(test: _Step, body: _Step, count: int, old: Sequence[int], *values: Any) -> list[Any]:
    inputs = values[count:]

    def condition(carry: Arrays) -> Any:
        return test(carry, inputs)[0][0]

    def turn(carry: Arrays) -> list[Any]:
        outputs, state = body(carry, inputs)
        return [*outputs, *state]

    first = [*values[:count], *[inputs[place] for place in old]]
    return dynamic_while(condition, turn, first)


def _while_with_effects(test: _Step, body: _Step, count: int, old: Sequence[int], *values: Any) -> list[Any]:
    """Run a loop whose test assigns variables: the test's answer and effects are part of the carry."""
    inputs = values[count:]

    def tested(arrays: Arrays, state: Arrays) -> list[Any]:
        (answer,), state = test([*arrays, *state], inputs)
        return [answer, *arrays, *state]

    def turn(carry: Arrays) -> list[Any]:
        return tested(*body(carry[1:], inputs))

    first = tested([_strong(array) for array in values[:count]], [_strong(inputs[place]) for place in old])
    return dynamic_while(lambda carry: carry[0], turn, first)[1:]


def scan_arrays(
    body: Callable[[Arrays, Arrays], tuple[Sequence[Any], Sequence[Any]]],
    init: Arrays,
    rows: Arrays,
    length: int,
    labels: Sequence[str],
    name: str,
    reverse: bool = False,
) -> tuple[list[Any], list[Any]]:
    """Run ``carry, outputs = body(carry, row)`` for each of a known number of rows.

    Args:
        body: takes the carry and one row of each of ``rows``; returns the next carry, of the same shapes and dtypes,
            and the outputs of this iteration.
        init: the first carry.
        rows: arrays whose first dimension is ``length``.
        length: the number of iterations.
        labels: what messages call the arrays of the carry.
        name: the public function, for messages.
        reverse: whether to go from the last row to the first.

    Returns:
        The last carry, and the outputs of all iterations, stacked.

    Raises:
        TypeError: the body changes a dtype.
        ValueError: the body changes a shape.
    """
    count = len(init)

    def flat(*arrays: Any) -> tuple[list[Any], int]:
        carry, outputs = body(arrays[:count], arrays[count:])
        return [*carry, *outputs], len(outputs)

    like = [jax.ShapeDtypeStruct(array.shape[1:], array.dtype) for array in rows]
    traced = trace(flat, [*init, *like], f"{name}_body")
    first = allocated(init, traced.outputs[:count])
    if any([new is not old for new, old in zip(first, init, strict=True)]):
        return scan_arrays(body, first, rows, length, labels, name, reverse)
    check_carry(init, traced.outputs[:count], labels, name)
    inputs = Inputs()
    old = [inputs.place(Access(variable)) for variable in traced.written]
    step = _RowStep(traced, count, inputs)
    program = partial(_scan, step, count, len(rows), old, length, reverse)
    results = run_saving(Kernel(program, name), [*init, *rows, *inputs.arrays()], bool(traced.pure.effects))
    inputs.assign(traced.written, results[count : count + len(old)])
    return list(results[:count]), list(results[count + len(old) :])


class _RowStep:
    """A traced function of carry and row: ``(carry with state, row, values of all inputs) -> (carry, outputs)``."""

    def __init__(self, traced: Traced, count: int, inputs: Inputs) -> None:
        carried = {id(variable): count + place for place, variable in enumerate(traced.written)}
        self._old = {count + place: inputs.place(Access(variable)) for place, variable in enumerate(traced.written)}
        self._traced = traced
        self._count = count
        self._sources = [
            (True, carried[id(source.variable)])
            if isinstance(source, Access) and id(source.variable) in carried
            else (False, inputs.place(source))
            for source in traced.sources
        ]

    def __call__(self, carry: Arrays, row: Arrays, values: Arrays) -> tuple[list[Any], list[Any]]:
        given = [
            linked(carry[place], values[self._old[place]]) if carried else values[place]
            for carried, place in self._sources
        ]
        results = self._traced.function(*carry[: self._count], *row, *given)
        state = results[len(self._traced.outputs) :]
        carry = [_strong(array) for array in (*results[: self._count], *state)]
        return carry, list(results[self._count : len(self._traced.outputs)])


def _scan(
    step: _RowStep, count: int, rows: int, old: Sequence[int], length: int, reverse: bool, *values: Any
) -> list[Any]:
    inputs = values[count + rows :]
    first = [_strong(array) for array in (*values[:count], *[inputs[place] for place in old])]
    known = None if rows else length  # of rows JAX finds it itself, where it is a symbol too
    carry, outputs = jax.lax.scan(
        lambda carry, row: step(carry, row, inputs), first, list(values[count : count + rows]), known, reverse
    )
    return [*carry, *outputs]


def _tested(test: Callable[[Arrays], Any], name: str, *arrays: Any) -> tuple[list[Any], None]:
    answer = test(arrays)
    if answer.dtype != bool or answer.shape:
        raise TypeError(
            f"{name}: cond must return a boolean scalar tensor; received a tensor of {as_dtype(answer.dtype)!r} and "
            "shape "
            f"{TensorShape(answer.shape)}."
        )
    return [answer], None


class ShapeChangeError(InvalidArgumentError):
    """A loop variable does not keep its shape."""


def check_carry(before: Arrays, after: Arrays, labels: Sequence[str], name: str) -> None:
    """Check that arrays which go from one iteration to the next keep their shapes and dtypes.

    Raises:
        TypeError: a dtype changes.
        ShapeChangeError: a shape changes.
    """
    for old, new, label in zip(before, after, labels, strict=True):
        if old.dtype != new.dtype:
            raise TypeError(
                f"{name}: {label} has dtype {as_dtype(old.dtype).name} before the loop, but dtype "
                f"{as_dtype(new.dtype).name} after one iteration; it must not change, use tf.cast."
            )
        if old.shape != new.shape:
            raise ShapeChangeError(
                f"{name}: {label} has shape {TensorShape(old.shape)} before the loop, but shape "
                f"{TensorShape(new.shape)} "
                "after one iteration. XLA compiles for fixed shapes, so a loop variable keeps its shape: write into a "
                "tf.TensorArray, or into a tensor of the final size."
            )


def _strong(array: Any) -> Any:
    return jax.lax.convert_element_type(array, array.dtype)
