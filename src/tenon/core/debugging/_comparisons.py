"""Assertions that compare: two tensors, or one with zero."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import jax.numpy as jnp
import ml_dtypes
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.debugging._conditions import require
from tenon.core.operations import (
    equal,
    greater,
    greater_equal,
    less,
    less_equal,
    not_equal,
)
from tenon.core.recording import kernel, run
from tenon.core.tensors import DType, Tensor, as_tensor, convert_to_tensor

Comparison = Callable[[Any, Any], Tensor]


def _assertion(paths: str, symbol: str, compare: Comparison, shows_places: bool = False) -> Callable[..., None]:
    """Make the public function that wants ``x symbol y``."""
    path = paths.split()[0]

    def assertion(
        x: Any, y: Any, message: str | None = None, summarize: int | None = None, name: str | None = None
    ) -> None:
        del name
        _compare(x, y, _Rule(symbol, compare, shows_places), message, summarize)

    return _published(assertion, paths, _TWO.format(path=path, symbol=symbol))


def _published(assertion: Callable[..., None], paths: str, doc: str) -> Callable[..., None]:
    assertion.__name__ = assertion.__qualname__ = paths.split()[0].rpartition(".")[2]
    assertion.__doc__ = doc
    return export(*paths.split())(assertion)


_TWO: Final = """Refuse unless ``x {symbol} y`` for every pair of elements, ``tf.{path}``.

    Args:
        x: a tensor.
        y: a tensor of the same dtype, of a shape that broadcasts with that of ``x``.
        message: what the error begins with.
        summarize: how many elements the error shows; ``None`` for 3, -1 for all.
        name: ignored.

    Raises:
        InvalidArgumentError: a pair breaks the rule, or the tensors cannot be compared. In a traced function it comes
            when the function runs, unless the values are known while it is traced.
    """


class _Rule(NamedTuple):
    symbol: str
    compare: Comparison
    shows_places: bool = False


def _compare(x: Any, y: Any, rule: _Rule, message: str | None, summarize: int | None) -> None:
    left, right = _alike(x, y)
    found = rule.compare(left, right)
    count = 3 if summarize is None else None if summarize < 0 else summarize
    story = partial(_story, rule=rule, message=message, count=count)
    require(found.value, story, [found.value, left.value, right.value])


def _alike(x: Any, y: Any) -> tuple[Tensor, Tensor]:
    """Convert two values; a value of Python takes the dtype of the tensor beside it."""
    if not hasattr(x, "dtype") and hasattr(y, "dtype"):
        right = convert_to_tensor(y)
        return convert_to_tensor(x, dtype_hint=right.dtype), right
    left = convert_to_tensor(x)
    return left, convert_to_tensor(y, dtype_hint=left.dtype)


def _story(
    found: np.ndarray, x: np.ndarray, y: np.ndarray, *, rule: _Rule, message: str | None, count: int | None
) -> str:
    lines = [message] if message else []
    lines.append(f"Condition x {rule.symbol} y did not hold.")
    if rule.shows_places and x.shape == y.shape == found.shape and x.ndim:
        places = np.argwhere(~found)[:count]
        lines += [f"Indices of first {len(places)} different values:", str(places)]
        lines += ["Corresponding x values:", str(x[tuple(places.T)])]
        lines += ["Corresponding y values:", str(y[tuple(places.T)])]
    for label, array in (("x", x), ("y", y)):
        shown = array.ravel()[:count]
        lines += [f"First {len(shown)} elements of {label}:", str(shown)]
    return "\n".join(lines)


assert_equal = _assertion("debugging.assert_equal assert_equal", "==", equal, True)
assert_greater = _assertion("debugging.assert_greater assert_greater", ">", greater)
assert_greater_equal = _assertion("debugging.assert_greater_equal", ">=", greater_equal)
assert_less = _assertion("debugging.assert_less assert_less", "<", less)
assert_less_equal = _assertion("debugging.assert_less_equal", "<=", less_equal)


@export("debugging.assert_none_equal")
def assert_none_equal(
    x: Any, y: Any, summarize: int | None = None, message: str | None = None, name: str | None = None
) -> None:
    """Refuse unless ``x != y`` for every pair of elements, ``tf.debugging.assert_none_equal``.

    Args:
        x: a tensor.
        y: a tensor of the same dtype, of a shape that broadcasts with that of ``x``.
        summarize: how many elements the error shows; ``None`` for 3, -1 for all.
        message: what the error begins with.
        name: ignored.

    Raises:
        InvalidArgumentError: as in ``assert_equal``.

    Example:
        >>> assert_none_equal([1, 2], 3)
    """
    del name
    _compare(x, y, _Rule("!=", not_equal, True), message, summarize)


@export("debugging.assert_near")
def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    message: str | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> None:
    """Refuse unless ``abs(x - y) < atol + rtol * abs(y)`` for every pair of elements, ``tf.debugging.assert_near``.

    Args:
        x: a tensor of floating point or complex numbers.
        y: a tensor of the same dtype, of a shape that broadcasts with that of ``x``.
        rtol: the relative tolerance; ``None`` for 10 times the dtype's machine epsilon.
        atol: the absolute tolerance; ``None`` for the same.
        message: what the error begins with.
        summarize: how many elements the error shows; ``None`` for 3, -1 for all.
        name: ignored.

    Raises:
        InvalidArgumentError: a pair is further apart, or the numbers are integers.

    Example:
        >>> assert_near([1.0], [1.0 + 1e-7])
    """
    del name
    left, right = _alike(x, y)
    tolerances = [_tolerance(value, left.dtype) for value in (rtol, atol)]
    rule = _Rule("near", partial(_near, tolerances=tolerances), False)
    said = "" if message is None else f"{message}\n"
    stated = ", ".join([f"{label} = {_shown(t)}" for label, t in zip(("rtol", "atol"), tolerances, strict=True)])
    _compare(left, right, rule, f"{said}x and y not equal to tolerance {stated}", summarize)


def _shown(tolerance: Tensor) -> str:
    return str(tolerance) if tolerance.is_symbolic else str(tolerance.numpy())


def _tolerance(value: Any, dtype: DType) -> Tensor:
    real = dtype.real_dtype
    if not real.is_floating:
        raise InvalidArgumentError(f"assert_near: needs floating point numbers; received {dtype!r}. Use assert_equal.")
    return convert_to_tensor(10 * float(_finfo(real.dtype).eps) if value is None else value, dtype=real)


def _near(x: Tensor, y: Tensor, tolerances: Sequence[Tensor]) -> Tensor:
    return as_tensor(run(_WITHIN, [x.value, y.value, *[tolerance.value for tolerance in tolerances]]))


def _within(x: Any, y: Any, rtol: Any, atol: Any) -> Any:
    return jnp.abs(x - y) < atol + rtol * jnp.abs(y)


_finfo: Any = ml_dtypes.finfo
_WITHIN: Final = kernel(_within)

_ONE: Final = """Refuse unless ``x {symbol} 0`` for every element, ``tf.{path}``.

    Args:
        x: a tensor of real numbers.
        message: what the error begins with.
        summarize: how many elements the error shows; ``None`` for 3, -1 for all.
        name: ignored.

    Raises:
        InvalidArgumentError: an element breaks the rule. In a traced function it comes when the function runs, unless
            the values are known while it is traced.
    """


def _assertion_on_sign(path: str, symbol: str, compare: Comparison) -> Callable[..., None]:
    """Make the public function that wants ``x symbol 0``."""

    def assertion(x: Any, message: str | None = None, summarize: int | None = None, name: str | None = None) -> None:
        del name
        tensor = convert_to_tensor(x)
        found = compare(tensor, convert_to_tensor(0, dtype_hint=tensor.dtype))
        count = 3 if summarize is None else None if summarize < 0 else summarize

        def story(values: np.ndarray) -> str:
            return (
                f"{message or ''}\nCondition x {symbol} 0 did not hold element-wise:\nx (shape={values.shape} "
                f"dtype={values.dtype}) = \n{values.ravel()[:count].tolist()}"
            )

        require(found.value, story, [tensor.value])

    return _published(assertion, path, _ONE.format(path=path, symbol=symbol))


assert_negative = _assertion_on_sign("debugging.assert_negative", "<", less)
assert_positive = _assertion_on_sign("debugging.assert_positive", ">", greater)
assert_non_negative = _assertion_on_sign("debugging.assert_non_negative", ">=", greater_equal)
assert_non_positive = _assertion_on_sign("debugging.assert_non_positive", "<=", less_equal)
