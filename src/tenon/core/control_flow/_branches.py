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
from tenon.core.control_flow._unallocated import allocated, is_unallocated
from tenon.core.recording import Kernel, run_saving
from tenon.core.tensors import TensorShape, as_dtype
from tenon.core.tracing import Access, Form, Traced, taken_apart, trace

Branch = Callable[[], Any]


def switch(index: Any, branches: Sequence[Branch], names: Sequence[str], rule: str) -> Any:
    """Return what the branch number ``index`` returns, with the variables that it assigned.

    Args:
        index: an array, an int32 scalar inside the range of the branches, or a bool scalar for two of them.
        branches: functions without arguments that return nested structures of the same form.
        names: what messages call the branches.
        rule: how a message begins that says what must be the same in all branches.

    Raises:
        TypeError: the branches return different forms or dtypes.
        InvalidArgumentError: they return different shapes.
    """
    order = slice(None, None, -1 if index.dtype == bool else 1)  # what is done where a condition holds comes first
    pairs = [*zip(branches, names, strict=True)][order]
    traced = [trace(partial(_called, branch), [], _identifier(name)) for branch, name in pairs][order]
    form = _common_form(traced, names, rule)
    written = {id(variable): variable for one in traced for variable in one.written}
    inputs = Inputs()
    shapes = [_allocated_shape(outputs) for outputs in zip(*[one.outputs for one in traced], strict=True)]
    chosen = [_branch(one, inputs, written, shapes) for one in traced]
    effects = any([one.pure.effects for one in traced])
    outputs = run_saving(Kernel(partial(_switch, chosen), "switch"), [index, *inputs.arrays()], effects)
    inputs.assign(written.values(), outputs[form.arrays :])
    return form.unflatten(outputs[: form.arrays])


def _identifier(name: str) -> str:
    return "".join([letter if letter.isalnum() else "_" for letter in name])


def _called(branch: Branch) -> tuple[list[Any], Form]:
    return taken_apart(branch())


def _allocated_shape(outputs: Sequence[Any]) -> Any:
    """Return what an output looks like that one branch has allocated."""
    return next((output for output in outputs if not is_unallocated(output)), outputs[0])


def _branch(traced: Traced, inputs: Inputs, written: dict[int, Any], shapes: Sequence[Any]) -> Callable[..., list[Any]]:
    """Return the branch as a function of all inputs that gives its outputs and a value for each written variable."""
    places = [inputs.place(source) for source in traced.sources]
    own = {id(variable): len(traced.outputs) + place for place, variable in enumerate(traced.written)}
    old = {key: inputs.place(Access(variable)) for key, variable in written.items() if key not in own}

    def function(*values: Any) -> list[Any]:
        results = traced.function(*[values[place] for place in places])
        kept = [results[own[key]] if key in own else values[old[key]] for key in written]
        return [_strong(value) for value in (*allocated(results[: len(shapes)], shapes), *kept)]

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


def _common_form(traced: Sequence[Traced], names: Sequence[str], rule: str) -> Form:
    first = traced[0]
    form: Form = first.extra
    for one, name in zip(traced[1:], names[1:], strict=True):
        if not form.fits(one.extra):
            raise TypeError(
                f"{rule} {names[0]} returns {form}, where {name} returns {one.extra} (. is a tensor); where one "
                "returns "
                "None, so must the other."
            )
        for a, b, place in zip(first.outputs, one.outputs, form.places, strict=True):
            _check_pair(a, b, f"{rule} {place}", names[0], name)
    return form


def _check_pair(first: Any, second: Any, subject: str, name: str, other: str) -> None:
    if first.dtype != second.dtype:
        raise TypeError(
            f"{subject} has dtype {as_dtype(first.dtype).name} in {name}, but dtype {as_dtype(second.dtype).name} in "
            f"{other}; use tf.cast."
        )
    if first.shape != second.shape and not is_unallocated(first) and not is_unallocated(second):
        raise InvalidArgumentError(
            f"{subject} has shape {TensorShape(first.shape)} in {name}, but shape {TensorShape(second.shape)} in "
            f"{other}. "
            "XLA compiles for fixed shapes, so all branches must return the same: pad or reshape one of them."
        )
