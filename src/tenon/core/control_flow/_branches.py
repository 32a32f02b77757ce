"""A choice between functions that is made when the program runs: each is traced once, their effects are joined.

The joined program takes everything that any branch reads. A variable that one branch assigns becomes a result of all:
the others give its old value back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax

from tenon.base import InvalidArgumentError
from tenon.core.control_flow._inputs import Inputs
from tenon.core.recording import Kernel, run
from tenon.core.tensors import TensorShape, as_dtype
from tenon.core.tracing import Access, Form, Traced, taken_apart, trace

Branch = Callable[[], Any]


def switch(index: Any, branches: Sequence[Branch], name: str, labels: Sequence[str]) -> Any:
    """Return what the branch number ``index`` returns, with the variables that it assigned.

    Args:
        index: an array, an int32 scalar inside the range of the branches, or a bool scalar for two of them.
        branches: functions without arguments that return nested structures of the same form.
        name: the public function, for messages.
        labels: what messages call the branches.

    Raises:
        TypeError: the branches return different forms or dtypes.
        InvalidArgumentError: they return different shapes.
    """
    traced = [trace(partial(_called, branch), [], label) for branch, label in zip(branches, labels, strict=True)]
    form = _common_form(traced, name, labels)
    written = {id(variable): variable for one in traced for variable in one.written}
    inputs = Inputs()
    chosen = [_branch(one, inputs, written) for one in traced]
    outputs = run(Kernel(partial(_switch, chosen), name), [index, *inputs.arrays()])
    inputs.assign(written.values(), outputs[form.arrays :])
    return form.unflatten(outputs[: form.arrays])


def _called(branch: Branch) -> tuple[list[Any], Form]:
    return taken_apart(branch())


def _branch(traced: Traced, inputs: Inputs, written: dict[int, Any]) -> Callable[..., list[Any]]:
    """Return the branch as a function of all inputs that gives its outputs and a value for each written variable."""
    places = [inputs.place(source) for source in traced.sources]
    own = {id(variable): len(traced.outputs) + place for place, variable in enumerate(traced.written)}
    old = {key: inputs.place(Access(variable)) for key, variable in written.items() if key not in own}

    def function(*values: Any) -> list[Any]:
        results = traced.function(*[values[place] for place in places])
        kept = [results[own[key]] if key in own else values[old[key]] for key in written]
        return [_strong(value) for value in (*results[: len(traced.outputs)], *kept)]

    return function


def _strong(array: Any) -> Any:
    return jax.lax.convert_element_type(array, array.dtype)


def _switch(branches: Sequence[Callable[..., list[Any]]], index: Any, *values: Any) -> list[Any]:
    if index.dtype == bool:
        false, true = branches
        found: list[Any] = jax.lax.cond(index, true, false, *values)
    else:
        found = jax.lax.switch(index, branches, *values)
    return found


def _common_form(traced: Sequence[Traced], name: str, labels: Sequence[str]) -> Form:
    first = traced[0]
    form: Form = first.extra
    for one, label in zip(traced[1:], labels[1:], strict=True):
        _check_forms(form, one.extra, name, labels[0], label)
        for a, b in zip(first.outputs, one.outputs, strict=True):
            _check_pair(a, b, name, labels[0], label)
    return form


def _check_forms(first: Form, second: Form, name: str, label: str, other: str) -> None:
    kinds = [[leaf is None for leaf in form.leaves] for form in (first, second)]
    same = kinds[0] == kinds[1] and first.arrays == second.arrays and _same_skeleton(first, second)
    if not same:
        raise TypeError(
            f"{label} and {other} arguments to {name} must have the same number, type, and overall structure of return "
            f"values. {label} output: {first.structure!r}, {other} output: {second.structure!r}; where one returns None, "
            "so must the other."
        )


def _same_skeleton(first: Form, second: Form) -> bool:
    return first.composite or second.composite or bool(first.structure == second.structure)


def _check_pair(first: Any, second: Any, name: str, label: str, other: str) -> None:
    if first.dtype != second.dtype:
        raise TypeError(
            f"{label} and {other} arguments to {name} must have the same number, type, and overall structure of return "
            f"values. {label} returns {as_dtype(first.dtype)!r} where {other} returns {as_dtype(second.dtype)!r}: use "
            "tf.cast."
        )
    if first.shape != second.shape:
        raise InvalidArgumentError(
            f"{name}: XLA compiles for fixed shapes, so all branches must return the same; {label} returns shape "
            f"{TensorShape(first.shape)} where {other} returns {TensorShape(second.shape)}. Pad or reshape one of them."
        )
