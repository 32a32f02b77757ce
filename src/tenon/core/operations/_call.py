"""What happens when the public function of a row is called: convert, choose the kernel, run, wrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from typing import Any

import jax
import numpy as np

from tenon.base import InvalidArgumentError, UnimplementedError
from tenon.core.host_symbols import NeedsHostStepsError, current_recorder
from tenon.core.operations._conversion import conversion
from tenon.core.operations._moved_strings import MOVING, is_open, moved
from tenon.core.operations._row import Operation
from tenon.core.recording import Kernel, LeakedTensorError, kernel, kinds, run, run_unrecorded, unrecorded
from tenon.core.tensors import Tensor, as_dtype, as_tensor, constant_value

Values = tuple[Any, ...]
Compute = Callable[[Sequence[Any], Values], Any]


def caller(row: Operation) -> Callable[[Values, Values], Any]:
    """Return what takes the tensors of a call and its attributes, each in their order, and returns the result."""
    convert = conversion(row)
    compute = _composed(row) if row.composed else _compiled(row)
    moves = row.composed and row.name in MOVING

    def call(values: Values, attributes: Values) -> Any:
        for value in values:
            if type(value) is not Tensor and _dispatches(value):
                return _dispatched(row, values, attributes)
        arrays = convert(values)
        if row.host or (row.strings is not None and _are_strings(arrays)):
            return _finished(row, _on_host(row, arrays, attributes, call))
        if row.check is not None and _are_known(arrays):
            row.check(*arrays)
        try:
            if moves and _is_saved(arrays, attributes):
                return _finished(row, _recorded(row, arrays, attributes, call))
            return _finished(row, compute(arrays, attributes))
        except (InvalidArgumentError, LeakedTensorError):
            raise
        except (TypeError, ValueError, IndexError, ZeroDivisionError) as error:
            if row.composed and _is_our_own(error):
                raise
            raise InvalidArgumentError(_refusal(row, arrays, attributes, error)) from error

    return call


def _compiled(row: Operation) -> Compute:
    """Return what runs the row's function as a kernel."""
    chosen = _kernels(row)
    run_kernel = run if row.differentiable else run_unrecorded
    nested = any(p.many or p.default is not None for p in row.tensors)

    def compute(arrays: Sequence[Any], attributes: Values) -> Any:
        found = chosen(attributes)
        if nested:
            found, arrays = _spread(found, arrays)
        return run_kernel(found, arrays)

    return compute


def _composed(row: Operation) -> Compute:
    """Return what calls the row's function, which runs kernels itself."""

    def compute(arrays: Sequence[Any], attributes: Values) -> Any:
        return row.function(*arrays, **_named(row, attributes))

    def compute_unrecorded(arrays: Sequence[Any], attributes: Values) -> Any:
        with unrecorded():
            return compute(arrays, attributes)

    return compute if row.differentiable else compute_unrecorded


def _is_our_own(error: Exception) -> bool:
    """Tell whether Tenon raised the error, and not JAX or NumPy about arrays that do not fit."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and str(trace.tb_frame.f_globals.get("__name__", "")).startswith("tenon.")


def _kernels(row: Operation) -> Callable[[Values], Kernel]:
    """Return what finds the kernel for the attributes of a call."""
    function = kernel_function(row)

    @lru_cache(maxsize=1 << 10)
    def remembered(attributes: Values, distinction: Any) -> Kernel:
        del distinction
        return kernel(function, **_named(row, attributes))

    def chosen(attributes: Values) -> Kernel:
        try:
            hashable = tuple([tuple(value) if type(value) is list else value for value in attributes])
            return remembered(hashable, kinds(attributes))
        except TypeError:  # tensors cannot be hashed
            return kernel(function, **_named(row, attributes))

    return chosen


def _named(row: Operation, attributes: Values) -> dict[str, Any]:
    return {p.name: _attribute(value, p.kind) for p, value in zip(row.attributes, attributes, strict=True)}


def kernel_function(row: Operation) -> Callable[..., Any]:
    """Return the function that runs for a row: its own, or one that no derivative passes."""
    return row.function if row.differentiable else _without_derivative(row.function)


def _without_derivative(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def constant(*arrays: Any, **attributes: Any) -> Any:
        return function(*jax.lax.stop_gradient(arrays), **attributes)

    return constant


def _attribute(value: Any, kind: str | None) -> Any:
    if kind == "dtype":
        return None if value is None else as_dtype(value).dtype
    if kind == "value" or value is None or isinstance(value, bool | int | float | str):
        return value
    return constant_value(value.as_list() if hasattr(value, "as_list") else value)


def _dispatches(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(hasattr(type(item), "__tf_dispatch__") for item in value)
    return hasattr(type(value), "__tf_dispatch__")


def _dispatched(row: Operation, values: Values, attributes: Values) -> Any:
    """Let a composite value (ragged, sparse, a symbolic Keras tensor) say what the operation is for it."""
    names = [p.name for p in (*row.tensors, *row.attributes)]
    arguments = dict(zip(names, (*values, *attributes), strict=True))
    items = [item for value in values for item in (value if isinstance(value, list | tuple) else (value,))]
    composite = next(item for item in items if hasattr(type(item), "__tf_dispatch__"))
    return composite.__tf_dispatch__(row, arguments)


def _are_strings(arrays: Sequence[Any]) -> bool:
    return any(array.dtype.kind == "O" for array in flat(arrays))


def _are_known(arrays: Sequence[Any]) -> bool:
    return not any(isinstance(array, jax.core.Tracer) for array in flat(arrays))


def flat(arrays: Sequence[Any]) -> list[Any]:
    """Return the arrays in a list of arrays, tuples of arrays and ``None``."""
    spread = [item for array in arrays for item in (array if isinstance(array, tuple) else (array,))]
    return [array for array in spread if array is not None]


def _is_saved(arrays: Sequence[Any], attributes: Values) -> bool:
    """Tell whether strings are moved in a function that is traced to be saved, by what only a call of it tells."""
    return current_recorder() is not None and _are_strings(arrays) and is_open([arrays, attributes])


def _recorded(row: Operation, arrays: Sequence[Any], attributes: Values, call: Callable[..., Any]) -> Any:
    """Write an operation down as a step on the host of the function that is being saved."""
    recorder = current_recorder()
    assert recorder is not None
    if row.step is not None:
        return row.step(recorder, *arrays, **_named(row, attributes))
    if row.name in MOVING:
        return moved(row, arrays, attributes, recorder, call)
    raise UnimplementedError(
        f"tf.{row.name}: strings that only a call tells cannot go through it in a function that is saved. Do it before "
        "the function, or outside. Parsing (tf.io.parse_example, decode_raw, tf.strings.to_number) is possible before "
        "the numbers, and tf.gather, tf.tile and the like of strings and tf.strings.as_string after them."
    )


def _on_host(row: Operation, arrays: Sequence[Any], attributes: Values, call: Callable[..., Any]) -> Any:
    if current_recorder() is not None and is_open([arrays, attributes]):
        return _recorded(row, arrays, attributes, call)
    if not _are_known(arrays):
        raise NeedsHostStepsError(
            f"tf.{row.name}: an operation on strings or bytes runs on the host, and an argument is computed in a "
            "function that is being traced; use tf.py_function, or call it outside of the function."
        )
    function = row.function if row.host or row.strings is None else row.strings
    return function(*map(_as_numpy, arrays), **_named(row, attributes))


def _as_numpy(array: Any) -> Any:
    return tuple(map(_as_numpy, array)) if isinstance(array, tuple) else None if array is None else np.asarray(array)


def _spread(chosen: Kernel, arrays: Sequence[Any]) -> tuple[Kernel, Sequence[Any]]:
    """Return a kernel of arrays alone, where some arguments are lists or left out."""
    if not any(array is None or isinstance(array, tuple) for array in arrays):
        return chosen, arrays
    form = tuple([None if array is None else len(array) if isinstance(array, tuple) else -1 for array in arrays])
    return kernel(_gathered, chosen=chosen, form=form), flat(arrays)


def _gathered(*given: Any, chosen: Kernel, form: tuple[int | None, ...]) -> Any:
    rest = iter(given)
    return chosen.function(
        *[
            None if count is None else next(rest) if count < 0 else tuple([next(rest) for _ in range(count)])
            for count in form
        ]
    )


_UNKNOWN = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerBoolConversionError,
    jax.errors.TracerIntegerConversionError,
)
"""What JAX raises where a function needs a value that is not known while it is traced."""


def _refusal(row: Operation, arrays: Sequence[Any], attributes: Values, error: Exception) -> str:
    if isinstance(error, _UNKNOWN):
        return (
            f"tf.{row.name}: the values of its arguments must be known when a function is traced, because XLA compiles "
            "for fixed shapes. Compute them from shapes or numbers of Python, or call it outside of the function. "
            f"[Op:{row.name}]"
        )
    shapes = " vs. ".join([str(list(array.shape)).replace(" ", "") for array in flat(arrays)])
    names = [p.name for p in row.attributes]
    stated = f" with {dict(zip(names, attributes, strict=True))}" if attributes else ""
    return f"tf.{row.name}: Incompatible shapes: {shapes}{stated}. {error} [Op:{row.name}]"


def _finished(row: Operation, outputs: Any) -> Any:
    if isinstance(outputs, tuple | list):
        tensors: Any = [as_tensor(output) for output in outputs]
        return tensors if row.result is None else row.result(*tensors)
    tensor = as_tensor(outputs)
    return tensor if row.result is None else row.result(tensor)
