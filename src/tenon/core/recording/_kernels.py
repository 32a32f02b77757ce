"""Kernels: pure functions of arrays with their static attributes bound, each one object for ever the same."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import jax
import numpy as np
from jax.export import is_symbolic_dim

from tenon.core import _jax_internals as internals

Function = Callable[..., Any]


class Kernel:
    """A pure function of arrays that can be run, and run again when something is differentiated.

    Its identity is what the caches of compiled derivatives go by: get kernels from ``kernel``, not from the class,
    where one function with the same attributes comes again and again.

    Args:
        function: takes arrays by position and returns an array, or a tuple or list of arrays.
        name: what messages call it.
        dependence: for each output, the inputs that its derivative depends on; ``None`` for all. Outputs beyond the end
            depend on all.

    Attributes:
        has_open_sizes: whether an attribute holds a symbol of ``jax.export``, so that it can only run in a trace.
        saving: what it saves for its derivative, if it is a twin that does.
        twins: its twins.
    """

    __slots__ = ("__weakref__", "compiled", "dependence", "function", "has_open_sizes", "name", "saving", "twins")

    def __init__(
        self, function: Function, name: str | None = None, dependence: Sequence[frozenset[int]] | None = None
    ) -> None:
        self.function = function
        self.dependence = dependence
        self.compiled = jax.jit(function)
        self.name = name or getattr(function, "__name__", "function")
        self.twins: dict[Any, Any] = {}
        self.has_open_sizes = False
        self.saving: Any = None

    def __repr__(self) -> str:
        return f"<Kernel {self.name}>"


@lru_cache(maxsize=1 << 14)
def _kernel(function: Function, attributes: tuple[tuple[str, Any], ...], distinction: Any) -> Kernel:
    del distinction  # they tell apart what is equal and yet another attribute
    made = Kernel(
        partial(function, **dict(attributes)) if attributes else function, getattr(function, "__name__", None)
    )
    made.has_open_sizes = any([_mentions_symbol(value) for _, value in attributes])
    return made


def _mentions_symbol(value: Any) -> bool:
    return any(map(_mentions_symbol, value)) if isinstance(value, tuple) else is_symbolic_dim(value)


def kernel(function: Function, **attributes: Any) -> Kernel:
    """Return the kernel of ``function`` with static ``attributes``; the same arguments give the same object.

    Args:
        function: takes arrays by position and the attributes by name; must be pure and live as long as the program.
        **attributes: hashable values, part of the compiled program; lists are taken as tuples.

    Raises:
        TypeError: an attribute is not hashable.

    Example:
        >>> kernel(jax.numpy.sum, axis=[0]) is kernel(jax.numpy.sum, axis=(0,))
        True
    """
    items = tuple([(name, _hashable(value)) for name, value in attributes.items()])
    return _kernel(function, items, kinds([value for _, value in items]))


def kinds(value: Any) -> Any:
    """Return what tells 1 from 1.0 and True, and 0.0 from -0.0, which are equal.

    Args:
        value: an attribute of a kernel; lists and tuples are gone through.

    Example:
        >>> kinds([1, (1.0, -0.0)]) == kinds((1, [2.5, -0.0])), kinds([1, (1.0, -0.0)]) == kinds([1, (1.0, 0.0)])
        (True, False)
    """
    if isinstance(value, list | tuple):
        return tuple([kinds(item) for item in value])
    return "-0.0" if value.__class__ is float and not value and math.copysign(1.0, value) < 0 else value.__class__


def _hashable(value: Any) -> Any:
    return tuple([_hashable(item) for item in value]) if isinstance(value, list | tuple) else value


@lru_cache(maxsize=1 << 12)
def _primitive_kernel(primitive: Any, params: tuple[tuple[str, Any], ...], distinction: Any) -> Kernel:
    del distinction
    return Kernel(partial(primitive.bind, **dict(params)), primitive.name)


def primitive_kernel(primitive: Any, params: Mapping[str, Any]) -> Kernel:
    """Return the kernel of a primitive of JAX with its parameters."""
    try:
        return _primitive_kernel(primitive, tuple(params.items()), kinds(tuple(params.values())))
    except TypeError:  # a parameter that cannot be hashed: its derivative is compiled anew each time
        return Kernel(partial(primitive.bind, **params), primitive.name)


def run(kernel: Kernel, values: Sequence[Any]) -> Any:
    """Run a kernel on arrays, with 64-bit types as they are, on whatever trace is current.

    At top level the compiled function runs; inside a trace of JAX (``jax.jit``, a ``tf.function``) the function itself.
    Recorders (tapes) that are active learn of the call.

    Args:
        kernel: what to run.
        values: its arrays, in their order.

    Raises:
        LeakedTensorError: a value belongs to a function whose trace has ended.

    Example:
        >>> run(kernel(jax.numpy.add), (jax.numpy.ones(2), jax.numpy.ones(2))).tolist()
        [2.0, 2.0]
    """
    trace = internals.current_trace()
    if trace is internals.EVAL_TRACE:
        before = internals.enter_64_bit_mode()
        try:
            outputs = kernel.compiled(*values)
        except jax.errors.UnexpectedTracerError as error:
            raise leaked(values) from error
        finally:
            internals.set_64_bit_mode(before)
        if _result_checks:
            _check_results(kernel, outputs)
        return outputs
    if isinstance(trace, internals.RecordTrace):
        return _run_recorded(kernel, values, trace)
    if isinstance(trace, internals.FunctionTrace):
        values = [trace.taken_in(value) for value in values]
    if kernel.has_open_sizes or any([isinstance(value, jax.core.Tracer) for value in values]):
        return _run_traced(kernel, values)
    outputs = _run_on(internals.EVAL_TRACE, trace, kernel, values)  # shapes of a traced function stay numbers
    return trace.keep(outputs) if isinstance(trace, internals.FunctionTrace) else outputs


LeakedTensorError = internals.LeakedTensorError


def leaked(values: Sequence[Any]) -> LeakedTensorError:
    """Return the error that names the value among ``values`` which a finished trace has left behind."""
    tracer = next(value for value in values if isinstance(value, jax.core.Tracer))
    return LeakedTensorError(internals.leak_message(tracer))


def _run_traced(kernel: Kernel, values: Sequence[Any]) -> Any:
    before = internals.enter_64_bit_mode()
    try:
        outputs = kernel.function(*values)
    finally:
        internals.set_64_bit_mode(before)
    if _result_checks:
        _check_results(kernel, outputs)
    return outputs


ResultCheck = Callable[[Kernel, Sequence[Any]], None]

_result_checks: list[ResultCheck] = []


def add_result_check(check: ResultCheck) -> None:
    """Let ``check`` see the results of every kernel that runs, or that becomes part of a program, from now on.

    Example:
        >>> add_result_check(seen := lambda kernel, outputs: print(kernel.name, len(outputs)))
        >>> run(kernel(jax.numpy.negative), (np.ones(1),)).tolist()
        negative 1
        [-1.0]
        >>> remove_result_check(seen)
    """
    if check not in _result_checks:
        _result_checks.append(check)


def remove_result_check(check: ResultCheck) -> None:
    """Undo ``add_result_check`` for ``check``."""
    if check in _result_checks:
        _result_checks.remove(check)


def _check_results(kernel: Kernel, outputs: Any) -> None:
    for check in _result_checks:
        check(kernel, outputs if isinstance(outputs, tuple | list) else (outputs,))


def stage(kernel: Kernel, values: Sequence[Any]) -> Any:
    """Run a kernel inside the trace even where every value is known: a large constant is computed by the program then.

    Args:
        kernel: what to run.
        values: its arrays, in their order.

    Example:
        >>> jax.make_jaxpr(lambda: stage(kernel(jax.numpy.zeros, shape=(2,)), ()))().eqns[0].primitive
        broadcast_in_dim
    """
    return _run_traced(kernel, values)


def _run_on(trace: Any, back_to: Any, kernel: Kernel, values: Sequence[Any]) -> Any:
    internals.set_current_trace(trace)
    try:
        return run(kernel, values)
    finally:
        internals.set_current_trace(back_to)


def run_unrecorded(kernel: Kernel, values: Sequence[Any]) -> Any:
    """Run a kernel of which no recorder learns: what it returns is a constant for every tape.

    Args:
        kernel: what to run.
        values: its arrays, in their order.

    Example:
        >>> run_unrecorded(kernel(jax.numpy.floor), (np.float32(1.5),)).tolist()
        1.0
    """
    trace = internals.current_trace()
    if not isinstance(trace, internals.RecordTrace):
        return run(kernel, values)
    return _run_on(internals.base_trace(), trace, kernel, values)


def _run_recorded(kernel: Kernel, values: Sequence[Any], trace: internals.RecordTrace) -> Any:
    outputs = _run_on(trace.parent, trace, kernel, values)
    several = isinstance(outputs, tuple | list)
    distinct = _distinct(outputs if several else (outputs,), values)
    trace.listener.kernel_ran(kernel, values, distinct)
    return distinct if several else distinct[0]


def _distinct(outputs: Sequence[Any], inputs: Sequence[Any]) -> Sequence[Any]:
    """Return outputs of which none is the same object as an input or another output.

    While a function is traced, a kernel that changes nothing gives its input back; recorders know values by identity.
    """
    if not any(isinstance(output, jax.core.Tracer) for output in outputs):
        return outputs
    known = {id(value) for value in inputs}
    distinct = []
    for output in outputs:
        distinct.append(renewed(output) if id(output) in known else output)
        known.add(id(output))
    return distinct


def renewed(value: Any) -> Any:
    """Return the same values as another object, of which no recorder knows that they are the same."""
    if not isinstance(value, jax.core.Tracer):
        return internals.twin(value)
    with internals.trace_as_current(internals.base_trace()):
        return internals.twin(value)


def on_device(array: Any, sharding: Any = None, given_away: bool = False) -> Any:
    """Copy a NumPy array to a device, 64-bit types as they are, whatever is being traced.

    Args:
        array: numbers.
        sharding: the device or ``jax.sharding.Sharding`` to put them on; ``None`` for the default device.
        given_away: whether nobody will use ``array`` any more, so that its memory may be that of the result.

    Example:
        >>> on_device(np.ones(2)).dtype
        dtype('float64')
    """
    copied = sharding is None and not given_away
    found = internals.copied_to_device(np.asarray(array)) if copied else _put(array, sharding, given_away)
    base = internals.base_trace()
    return base.keep(found) if isinstance(base, internals.FunctionTrace) else found


def _put(array: Any, sharding: Any, given_away: bool) -> Any:
    before = internals.enter_64_bit_mode()
    try:
        with internals.trace_as_current(internals.EVAL_TRACE):
            return jax.device_put(np.asarray(array), sharding, may_alias=given_away)
    finally:
        internals.set_64_bit_mode(before)


_INEXACT: dict[Any, bool] = {}


def is_differentiable(array: Any) -> bool:
    """Tell whether an array's type has derivatives: floating point or complex.

    Example:
        >>> is_differentiable(np.ones(1)), is_differentiable(np.arange(1))
        (True, False)
    """
    dtype = array.dtype
    found = _INEXACT.get(dtype)
    if found is None:
        found = _INEXACT[dtype] = bool(jax.numpy.issubdtype(dtype, np.inexact))
    return found
