"""``tf.py_function`` and ``tf.numpy_function``: Python on the values of tensors, in programs too."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, Final

import jax
import numpy as np

from tenon.base import InvalidArgumentError
from tenon.core._names import export
from tenon.core.autodiff import GradientTape, UnconnectedGradients
from tenon.core.callbacks._host import ask, asked, tell
from tenon.core.nest import flatten, pack_sequence_as
from tenon.core.recording import Kernel, executing_eagerly_on_arrays, is_differentiable, run_saving
from tenon.core.tensors import Tensor, TensorSpec, as_dtype, as_tensor, convert_to_tensor
from tenon.core.tracing import init_scope

Function = Callable[..., Any]


@export("py_function")
def py_function(func: Function | None = None, inp: Any = None, Tout: Any = None, name: str | None = None) -> Any:  # noqa: N803
    """Run a Python function on tensors that have values, ``tf.py_function``; gradients flow through it.

    In a traced function it becomes part of the program. XLA has to know the shapes of the results: where ``Tout``
    states dtypes only, the function runs once while it is traced, with zeros for what is not known then, to find out.

    Args:
        func: takes tensors; returns a tensor, or a list of them as ``Tout`` states.
        inp: a list of tensors.
        Tout: the dtype of the result, or a ``tf.TensorSpec`` of it, or a nested structure of those; an empty list for
            none.
        name: ignored.

    Returns:
        Tensors in the structure of ``Tout``.

    Raises:
        InvalidArgumentError: the function returns another number of results, other dtypes, or (in a program) shapes
            that differ from run to run.

    Example:
        >>> py_function(lambda x: x * 2, [np.float32(1.5)], "float32").numpy()
        np.float32(3.0)
    """
    del name
    return _called(_callable(func), _tensors(inp), Tout, differentiable=True)


@export("numpy_function")
def numpy_function(
    func: Function | None = None,
    inp: Any = None,
    Tout: Any = None,  # noqa: N803
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """Run a Python function on NumPy arrays, ``tf.numpy_function``; no gradient flows through it.

    In a traced function as ``tf.py_function``.

    Args:
        func: takes NumPy arrays; returns an array, or a list of them as ``Tout`` states.
        inp: a list of tensors.
        Tout: the dtype of the result, or a ``tf.TensorSpec`` of it, or a list of those.
        stateful: ignored: it is called each time.
        name: ignored.

    Raises:
        InvalidArgumentError: as in ``tf.py_function``.

    Example:
        >>> numpy_function(np.sinh, [np.float32(0.0)], "float32").numpy()
        np.float32(0.0)
    """
    del stateful, name
    function = _callable(func)

    def on_arrays(*tensors: Tensor) -> Any:
        return function(*[tensor.numpy() for tensor in tensors])

    return _called(on_arrays, _tensors(inp), Tout, differentiable=False)


def _callable(func: Function | None) -> Function:
    if func is None or not callable(func):
        raise ValueError(f"Expected func to be callable. Received func={func!r} of type {type(func).__name__}.")
    return func


def _tensors(inp: Any) -> list[Tensor]:
    return [convert_to_tensor(value) for value in flatten([] if inp is None else inp)]


def _called(function: Function, tensors: Sequence[Tensor], stated: Any, differentiable: bool) -> Any:
    specs = [_spec(one) for one in flatten([] if stated is None else stated)]
    arrays = [tensor.value for tensor in tensors]
    if executing_eagerly_on_arrays():
        found = _results(function(*tensors), specs)
        kept = found if differentiable else [as_tensor(np.asarray(tensor.value)) for tensor in found]
        return pack_sequence_as([] if stated is None else stated, kept)
    if not specs:
        tell(lambda *values: _discard(function(*map(as_tensor, values))), arrays)
        return []
    shapes = _shapes(function, arrays, specs)
    call = _differentiable(function, specs, shapes) if differentiable else _constant(function, specs, shapes)
    return pack_sequence_as(stated, [Tensor(array) for array in call(arrays)])


def _discard(_: Any) -> None:
    return None


def _spec(stated: Any) -> TensorSpec:
    return stated if isinstance(stated, TensorSpec) else TensorSpec(None, as_dtype(stated))


def _results(returned: Any, specs: Sequence[TensorSpec]) -> list[Tensor]:
    values = [] if returned is None else flatten(returned)
    if len(values) != len(specs):
        raise InvalidArgumentError(
            f"Tout: func must return as many values as are stated, {len(specs)}; received {len(values)}."
        )
    tensors = [convert_to_tensor(value, dtype_hint=spec.dtype) for value, spec in zip(values, specs, strict=True)]
    for place, (tensor, spec) in enumerate(zip(tensors, specs, strict=True)):
        if tensor.dtype != spec.dtype:
            raise InvalidArgumentError(
                f"{place}-th value returned by func is {tensor.dtype.name}, but expects {spec.dtype.name}: change "
                "Tout, or "
                "use tf.cast."
            )
    return tensors


def _shapes(function: Function, arrays: Sequence[Any], specs: Sequence[TensorSpec]) -> list[jax.ShapeDtypeStruct]:
    if all([spec.shape.is_fully_defined() for spec in specs]):
        return [jax.ShapeDtypeStruct(tuple(spec.shape.as_list()), spec.dtype.dtype) for spec in specs]
    sample = [np.zeros(a.shape, a.dtype) if isinstance(a, jax.core.Tracer) else a for a in arrays]
    with init_scope():
        found = _results(function(*map(as_tensor, sample)), specs)
    return [jax.ShapeDtypeStruct(tuple(tensor.value.shape), tensor.value.dtype) for tensor in found]


def _values(tensors: Sequence[Tensor], shapes: Sequence[jax.ShapeDtypeStruct]) -> list[np.ndarray]:
    for place, (tensor, like) in enumerate(zip(tensors, shapes, strict=True)):
        if tuple(tensor.value.shape) != like.shape:
            raise InvalidArgumentError(
                f"{place}-th value returned by func has shape {tensor.shape}, but had {like.shape} while the "
                "function was "
                "traced: XLA compiles for fixed shapes. Return the same shape always, and state it: "
                "Tout=tf.TensorSpec(shape, dtype)."
            )
    return [np.asarray(tensor.value) for tensor in tensors]


def _constant(
    function: Function, specs: Sequence[TensorSpec], shapes: Sequence[jax.ShapeDtypeStruct]
) -> Callable[[Sequence[Any]], list[Any]]:
    def host(*values: Any) -> list[np.ndarray]:
        return _values(_results(function(*map(as_tensor, values)), specs), shapes)

    return lambda arrays: ask(host, arrays, shapes)


class _Tapes:
    """Calls that were recorded on the host for a derivative that may come; the oldest ones are let go of."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._numbers = itertools.count()
        self._calls: OrderedDict[int, Recorded] = OrderedDict()

    def keep(self, call: Recorded) -> int:
        """Keep a call; return its number."""
        number = next(self._numbers)
        self._calls[number] = call
        while len(self._calls) > self._most:
            self._calls.popitem(last=False)
        return number

    def taken(self, number: int) -> Recorded | None:
        """Return the call with a number, and let go of it; ``None`` if that has happened."""
        return self._calls.pop(number, None)


_tapes: Final = _Tapes(most=256)


class Recorded:
    """One call of a Python function under a tape."""

    def __init__(self, function: Function, arrays: Sequence[Any], specs: Sequence[TensorSpec]) -> None:
        self._tensors = [as_tensor(array) for array in arrays]
        self._tape = GradientTape(persistent=True)
        with self._tape:
            self._tape.watch([tensor for tensor in self._tensors if is_differentiable(tensor.value)])
            self.results = _results(function(*self._tensors), specs)

    def gradients(self, cotangents: Sequence[Any]) -> list[np.ndarray]:
        """Return the gradients of the differentiable arguments, from those of the differentiable results."""
        targets = [tensor for tensor in self.results if is_differentiable(tensor.value)]
        sources = [tensor for tensor in self._tensors if is_differentiable(tensor.value)]
        found = self._tape.gradient(targets, sources, [as_tensor(one) for one in cotangents], UnconnectedGradients.ZERO)
        return [np.asarray(tensor.value) for tensor in found]


def _differentiable(
    function: Function, specs: Sequence[TensorSpec], shapes: Sequence[jax.ShapeDtypeStruct]
) -> Callable[[Sequence[Any]], list[Any]]:
    """Return the call as a function whose derivative asks the host again.

    Where a derivative will be taken, the host keeps the tape of the call under a number, which is one more result.
    """

    def plain(*values: Any) -> list[np.ndarray]:
        return _values(_results(function(*map(as_tensor, values)), specs), shapes)

    def recorded(*values: Any) -> list[np.ndarray]:
        call = Recorded(function, values, specs)
        return [np.asarray(_tapes.keep(call), np.int32), *_values(call.results, shapes)]

    def pulled(number: Any, *values: Any) -> list[np.ndarray]:
        count = len(values) - sum(map(is_differentiable, shapes))
        call = _tapes.taken(int(number)) or Recorded(function, values[:count], specs)
        return call.gradients(values[count:])

    def forward(*arrays: Any) -> tuple[list[Any], tuple[Any, ...]]:
        number, *results = asked(recorded, [jax.ShapeDtypeStruct((), np.int32), *shapes])(*arrays)
        return results, (number, *arrays)

    def backward(saved: tuple[Any, ...], cotangents: Sequence[Any]) -> tuple[Any, ...]:
        live = [jax.ShapeDtypeStruct(array.shape, array.dtype) for array in saved[1:] if is_differentiable(array)]
        given = [one for one, like in zip(cotangents, shapes, strict=True) if is_differentiable(like)]
        found = iter(asked(pulled, live)(*saved, *given))
        return tuple([next(found) if is_differentiable(array) else None for array in saved[1:]])

    call = jax.custom_vjp(asked(plain, shapes))
    call.defvjp(forward, backward)
    program = Kernel(call, "py_function")
    return lambda arrays: run_saving(program, arrays, has_effects=True)
