"""``tf.cond``, ``tf.case`` and ``tf.switch_case``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.control_flow._branches import switch
from tenon.core.recording import kernel, run
from tenon.core.tensors import array_of, as_dtype

Function = Callable[[], Any]


def is_staged(value: Any) -> bool:
    """Tell whether control flow that depends on a value has to be part of the program: it has no value yet.

    Example:
        >>> is_staged(True)
        False
    """
    return isinstance(getattr(value, "value", value), jax.core.Tracer)


@export("cond")
def cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: str | None = None) -> Any:
    """Return ``true_fn()`` if ``pred`` holds, else ``false_fn()``, ``tf.cond``.

    Where ``pred`` has a value, only the one function is called. In a traced function with a symbolic ``pred`` both are
    traced, and the program chooses; variables that they assign change only in the branch that is taken.

    Args:
        pred: a bool scalar.
        true_fn: a function without arguments.
        false_fn: a function without arguments that returns tensors of the same structure, dtypes and shapes.
        name: ignored.

    Raises:
        TypeError: a function cannot be called, ``pred`` is no bool scalar, or the branches return other dtypes or
            structures.
        InvalidArgumentError: the branches return tensors of other shapes.

    Example:
        >>> cond(True, lambda: 1, lambda: 2)
        1
    """
    del name
    for argument, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(function):
            raise TypeError(f"{argument} must be callable; received {function!r}.")
    if not isinstance(pred, bool):
        pred = array_of(pred)
        if pred.dtype != bool or pred.shape:
            raise TypeError(
                f"pred must be a bool scalar; received one of {as_dtype(pred.dtype)!r} and shape {tuple(pred.shape)}. "
                "Compare it with something, or use tf.reduce_all."
            )
    if not is_staged(pred):
        return true_fn() if pred else false_fn()
    rule = "true_fn and false_fn arguments to tf.cond must have the same number, type, and structure of return values:"
    return switch(pred, (false_fn, true_fn), ("false_fn", "true_fn"), rule)


@export("switch_case")
def switch_case(branch_index: Any, branch_fns: Any, default: Function | None = None, name: str | None = None) -> Any:
    """Return what the function with the number ``branch_index`` returns, ``tf.switch_case``.

    Args:
        branch_index: an int32 scalar.
        branch_fns: functions without arguments: a list, a mapping from their numbers, or a list of such pairs.
        default: is called for all other numbers; without it, the function with the highest number is.
        name: ignored.

    Raises:
        TypeError: the functions are no functions, or return other dtypes or structures.
        ValueError: there is none, or two have one number.
        InvalidArgumentError: they return tensors of other shapes.

    Example:
        >>> switch_case(1, [lambda: "a", lambda: "b"])
        'b'
    """
    del name
    numbered = _numbered(branch_fns)
    index = array_of(branch_index)
    if index.dtype.kind != "i" or index.shape:
        raise TypeError(
            f"branch_index must be an int32 scalar; received one of {as_dtype(index.dtype)!r} and shape "
            f"{tuple(index.shape)}."
        )
    fallback = default if default is not None else numbered[max(numbered)]
    if not is_staged(index):
        return numbered.get(int(index), fallback)()
    order = sorted(numbered)
    functions = [*[numbered[number] for number in order], fallback]
    place = run(kernel(_place_of, numbers=tuple(order)), [index])
    names = [*[f"branch_fns[{number}]" for number in order], "default"]
    return switch(place, functions, names, "branch_fns of tf.switch_case must return the same:")


def _place_of(index: Any, numbers: tuple[int, ...]) -> Any:
    matches = jnp.asarray(numbers, index.dtype) == index
    return jnp.where(matches.any(), jnp.argmax(matches), len(numbers)).astype("int32")


def _numbered(branch_fns: Any) -> dict[int, Function]:
    if not isinstance(branch_fns, Mapping | list | tuple) or not branch_fns:
        raise TypeError(f"branch_fns must be a list or a dict with at least one function; received {branch_fns!r}.")
    items = list(branch_fns.items()) if isinstance(branch_fns, Mapping) else list(branch_fns)
    pairs = items if not callable(items[0]) else list(enumerate(items))
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2 or not isinstance(pair[0], int) or not callable(pair[1]):
            raise TypeError(f"branch_fns must hold functions, or pairs of a number and a function; received {pair!r}.")
    if len(dict(pairs)) != len(pairs):
        raise ValueError(f"branch_fns must have distinct numbers; received {[number for number, _ in pairs]}.")
    return dict(pairs)


@export("case")
def case(
    pred_fn_pairs: Sequence[tuple[Any, Function]],
    default: Function | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """Return what the function of the first condition that holds returns, ``tf.case``.

    Args:
        pred_fn_pairs: pairs of a bool scalar and a function without arguments.
        default: is called if no condition holds; without it, the last function is, as if its condition held.
        exclusive: whether it is an error that two conditions hold; checked where they have values.
        strict: accepted and ignored.
        name: ignored.

    Raises:
        TypeError: the pairs are no pairs, or the functions return other dtypes or structures.
        InvalidArgumentError: no condition holds and there is no default, two hold though ``exclusive`` is set, or the
            functions return tensors of other shapes.

    Example:
        >>> case([(False, lambda: 1), (True, lambda: 2)], default=lambda: 3)
        2
    """
    del strict, name
    pairs = _pairs(pred_fn_pairs)
    known = [bool(array_of(condition)) for condition, _ in pairs if not is_staged(condition)]
    if exclusive and sum(known) > 1:
        raise InvalidArgumentError(f"tf.case: exclusive=True, but more than one condition holds: {known}.")
    if default is None:
        if len(known) == len(pairs) and not any(known):
            raise InvalidArgumentError("tf.case: none of the conditions holds and there is no default; give one.")
        *pairs, (_, default) = pairs
    chosen = default
    for condition, function in reversed(pairs):
        chosen = partial(cond, condition, function, chosen)
    return chosen()


def _pairs(given: Any) -> list[tuple[Any, Function]]:
    if not isinstance(given, list | tuple) or not given:
        raise TypeError(f"pred_fn_pairs must be a list of pairs with at least one; received {given!r}.")
    for pair in given:
        if not isinstance(pair, tuple | list) or len(pair) != 2 or not callable(pair[1]):
            raise TypeError(f"pred_fn_pairs must hold pairs of a condition and a function; received {pair!r}.")
    return [(condition, function) for condition, function in given]
