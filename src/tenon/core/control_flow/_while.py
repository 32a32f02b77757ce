"""``tf.while_loop``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tenon.core._names import export
from tenon.core.control_flow._loops import ShapeChangeError, while_arrays
from tenon.core.control_flow._unrolled import has_growing, unrolled
from tenon.core.nest import Composite, assert_same_structure, flatten_with_paths, map_structure
from tenon.core.recording import kernel, run
from tenon.core.tensors import array_of, constant_value, convert_to_tensor
from tenon.core.tracing import executing_eagerly, taken_apart


@export("while_loop")
def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: Any = None,
    name: str | None = None,
) -> Any:
    """Repeat ``loop_vars = body(*loop_vars)`` while ``cond(*loop_vars)`` holds, ``tf.while_loop``.

    In a traced function ``cond`` and ``body`` are traced once and the loop is part of the program; loop variables keep
    their shapes and dtypes. At top level it is a loop of Python.

    Args:
        cond: takes the loop variables; returns a bool scalar.
        body: takes the loop variables; returns as many.
        loop_vars: a tuple or list of nested structures of tensors; numbers of Python become tensors.
        shape_invariants: what stays of the shapes of the loop variables. XLA compiles for fixed shapes: a loop whose
            variables change theirs is unrolled while the function is traced, so its condition must be known then.
        parallel_iterations: ignored: XLA orders the work.
        back_prop: ignored: gradients are always possible.
        swap_memory: ignored.
        maximum_iterations: how many iterations there are at most; ``None`` for no limit.
        name: ignored.

    Returns:
        The last loop variables, in the structure of ``loop_vars``.

    Raises:
        TypeError: ``cond`` or ``body`` cannot be called, or a loop variable changes its dtype.
        ValueError: the body returns another structure, or a loop variable changes its shape.

    Example:
        >>> [x.numpy() for x in while_loop(lambda i: i < 3, lambda i: (i + 1,), (convert_to_tensor(0),))]
        [np.int32(3)]
    """
    del parallel_iterations, back_prop, swap_memory, name
    for argument, function in (("cond", cond), ("body", body)):
        if not callable(function):
            raise TypeError(f"'{argument}' must be callable; received {function!r}.")
    if not isinstance(loop_vars, list | tuple):
        loop_vars = [loop_vars]
    if not len(loop_vars):
        raise ValueError("'loop_vars' must have at least one loop variable.")
    if executing_eagerly() or has_growing(loop_vars):
        return _in_python(cond, body, loop_vars, maximum_iterations)
    try:
        return _staged(cond, body, loop_vars, maximum_iterations)
    except ShapeChangeError:
        if shape_invariants is None:
            raise
        return _in_python(cond, body, loop_vars, maximum_iterations)


def _converted(value: Any) -> Any:
    return value if value is None or isinstance(value, Composite) else convert_to_tensor(value)


def _packed(returned: Any, loop_vars: Any) -> Any:
    """Return what a body returned in the structure of the loop variables."""
    if not isinstance(returned, list | tuple) or (len(loop_vars) == 1 and hasattr(returned, "_fields")):
        returned = (returned,)
    assert_same_structure(list(loop_vars), list(returned))
    return type(loop_vars)(returned) if not hasattr(loop_vars, "_fields") else type(loop_vars)(*returned)


def _in_python(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, limit: Any) -> Any:
    """Go through the loop iteration after iteration: at top level, or unrolled while a function is traced."""
    iterations = 0
    limit = None if limit is None else constant_value(limit)

    def goes_on(variables: Any) -> Any:
        return (limit is None or iterations < limit) and cond(*variables)

    def turn(variables: Any) -> Any:
        nonlocal iterations
        iterations += 1
        return map_structure(_converted, _packed(body(*variables), variables))

    return unrolled(goes_on, turn, map_structure(_converted, loop_vars))


def _staged(cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any, limit: Any) -> Any:
    init, form = taken_apart(loop_vars)
    labels = [f"loop_vars{path}" for path, value in flatten_with_paths(loop_vars, True) if value is not None]
    counted = limit is not None

    def turn(arrays: Any) -> list[Any]:
        own = arrays[1:] if counted else arrays
        found, _ = taken_apart(_packed(body(*form.unflatten(own)), loop_vars))
        return [run(_INCREMENT, [arrays[0]]), *found] if counted else found

    def test(arrays: Any) -> Any:
        answer = array_of(cond(*form.unflatten(arrays[1:] if counted else arrays)))
        return run(_BELOW, [arrays[0], array_of(limit), answer]) if counted else answer

    first = [np.int32(0), *init] if counted else init
    found = while_arrays(test, turn, first, ["the counter", *labels] if counted else labels, "tf.while_loop")
    return form.unflatten(found[1:] if counted else found)


def _below(count: Any, limit: Any, answer: Any) -> Any:
    return (count < limit) & answer


_BELOW = kernel(_below)
_INCREMENT = kernel(lambda count: count + np.int32(1))
