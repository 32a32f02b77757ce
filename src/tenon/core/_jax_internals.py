"""The private names of JAX that Tenon needs, all in this file, each with a test that says when one goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple, Protocol

import jax
import jaxlib.xla_client
import numpy as np
from jax._src import array as _array
from jax._src import config as _config
from jax._src import core as _core
from jax._src import linear_util as _linear_util
from jax._src import source_info_util as _source_info
from jax._src import xla_bridge as _xla_bridge
from jax._src.interpreters import partial_eval as _partial_eval

EVAL_TRACE: Final = _core.eval_trace
"""The trace that computes at once."""

_xla: Any = jaxlib.xla_client
_X64: Final = _config.enable_x64
_CONTEXT: Final = _core.trace_ctx
_COPIED: Final = _xla.HostBufferSemantics.IMMUTABLE_ONLY_DURING_CALL

current_64_bit_mode = _X64.get_local
"""Return what ``set_64_bit_mode`` takes to leave this thread as it is."""

enter_64_bit_mode: Final[Callable[[], Any]] = partial(_X64.swap_local, True)
"""Let this thread compute with 64-bit types; return what ``set_64_bit_mode`` takes to undo it."""

set_64_bit_mode: Final[Callable[[Any], None]] = _X64.set_local
"""Give this thread back its mode."""

set_current_trace: Final[Callable[[Any], None]] = _CONTEXT.set_trace
"""Make a trace the one that primitives run on in this thread."""


def backends_are_initialized() -> bool:
    """Tell whether JAX has taken its devices."""
    return bool(_xla_bridge.backends_are_initialized())


def current_trace() -> Any:
    """Return the trace that primitives run on in this thread."""
    return _CONTEXT.trace


@contextmanager
def trace_as_current(trace: Any) -> Iterator[None]:
    """Run primitives on ``trace`` inside the block."""
    before = _CONTEXT.trace
    set_current_trace(trace)
    try:
        yield
    finally:
        set_current_trace(before)


class CallListener(Protocol):
    """Who is told what ran on a ``RecordTrace``."""

    def primitive_ran(
        self, primitive: Any, params: dict[str, Any], inputs: Sequence[Any], outputs: Sequence[Any]
    ) -> None:
        """Learn that a primitive ran."""

    def kernel_ran(self, kernel: Any, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Learn that a kernel of Tenon ran."""

    def function_ran(self, function: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Learn that a function with its own derivative ran."""


class _TwinTracer(_partial_eval.DynamicJaxprTracer):
    """Another tracer of a value, which keeps the first alive: JAX forgets a constant whose tracer is gone."""

    __slots__ = ("_original",)

    def __init__(self, original: Any) -> None:
        super().__init__(original._trace, original.aval, original.val, original._line_info, original.parent)
        self._original = original


def twin(array: Any) -> Any:
    """Return another object for the same values, which costs nothing and has an identity of its own."""
    if isinstance(array, _array.ArrayImpl):
        return _array.ArrayImpl(
            array.aval, array.sharding, array._arrays, committed=array._committed, _skip_checks=True
        )
    if isinstance(array, _partial_eval.DynamicJaxprTracer):
        return _TwinTracer(array)
    return jax.lax.optimization_barrier(array)


class LeakedTensorError(TypeError):
    """A value of a function's trace was used after the trace had ended."""


class FunctionTrace(_partial_eval.DynamicJaxprTrace):
    """A pure function of arrays in the making: what runs on this trace is written down.

    Whatever comes from outside (tracers of other traces, floating point arrays that exist already) becomes an input,
    so that derivatives with respect to it exist and the program holds no data; ``sources`` says where each input that
    was added while tracing comes from.

    Args:
        name: what JAX's messages call the function.

    Attributes:
        sources: what the inputs are that follow the stated arguments: given by whoever added them.
        finished: whether the function is complete.
    """

    def __init__(self, name: str) -> None:
        self._described = _linear_util.DebugInfo("tf.function", name, None, None)
        super().__init__(self._described, parent_trace=current_trace())
        self.name = name
        self.sources: list[Any] = []
        self.finished = False
        self._made: dict[int, Any] = {}
        self._lifted: dict[int, tuple[Any, Any]] = {}

    def argument(self, like: Any) -> Any:
        """Add an input of the shape and dtype of ``like``; return its tracer."""
        aval = _core.ShapedArray(tuple(like.shape), like.dtype)
        return self.new_arg(aval, _source_info.current())

    def keep(self, outputs: Any) -> Any:
        """Remember that arrays were made while tracing: they are constants of the function."""
        for array in outputs if isinstance(outputs, tuple | list) else (outputs,):
            self._made[id(array)] = array
        return outputs

    def taken_in(self, value: Any) -> Any:
        """Return a value that runs on this trace: what comes from outside becomes an input, a constant stays one."""
        if isinstance(value, _core.Tracer):
            return value if value._trace is self else self._input_for(value)
        if not isinstance(value, _array.ArrayImpl) or id(value) in self._made:
            return value
        return self._input_for(value) if jax.numpy.issubdtype(value.dtype, jax.numpy.inexact) else value

    def _input_for(self, value: Any) -> Any:
        found = self._lifted.get(id(value))
        if found is None:
            if getattr(getattr(value, "_trace", None), "finished", False):
                raise LeakedTensorError(leak_message(value))
            found = self._lifted[id(value)] = (value, self.new_arg(_core.typeof(value), _source_info.current()))
            self.sources.append(value)
        return found[1]

    def new_const(self, c: Any, source_info: Any, aval: Any = None) -> Any:
        """Let a value from outside in: JAX calls it for every one."""
        taken = self.taken_in(c)
        return super().new_const(c, source_info, aval) if taken is c else taken

    pure = lift = new_const

    def finish(self, outputs: Sequence[Any]) -> tuple[PureFunction, list[Any]]:
        """Complete the function.

        Returns:
            The pure function of ``(*constants, *inputs)`` and the constants, which are arrays.
        """
        source = _source_info.current()
        tracers = [self.to_jaxpr_tracer(output, source) for output in outputs]
        jaxpr, constants = self.frame.to_jaxpr(self, tracers, self._described, source)
        self.finished = True
        _share_with_outer(self)
        self.invalidate()  # type: ignore[no-untyped-call]  # JAX has no types here
        return PureFunction(_partial_eval.convert_constvars_jaxpr(jaxpr), self.name), constants


_GRADIENT_FROM: Final = {"tenon_linked": slice(1, 2), "stop_gradient": slice(0)}
"""Which of their inputs primitives get a gradient from, where it is not all."""


class PureFunction:
    """A finished function: takes arrays or tracers by position, returns a list of them.

    Args:
        jaxpr: what it does.
        name: what JAX's messages call it.
    """

    def __init__(self, jaxpr: Any, name: str) -> None:
        self.jaxpr = jaxpr
        self.__name__ = self.__qualname__ = name

    def __call__(self, *values: Any) -> list[Any]:
        found: list[Any] = _core.eval_jaxpr(self.jaxpr, (), *values)
        return found

    @property
    def inputs(self) -> list[jax.ShapeDtypeStruct]:
        """Shapes, in which sizes may be symbols, and dtypes of what it takes."""
        return [jax.ShapeDtypeStruct(var.aval.shape, var.aval.dtype) for var in self.jaxpr.invars]

    @property
    def effects(self) -> Any:
        """What it does beside computing: calls of Python on the host."""
        return self.jaxpr.effects

    def silent(self) -> PureFunction:
        """Return the function without calls of Python on the host that give nothing back."""
        kept = [eqn for eqn in self.jaxpr.eqns if eqn.outvars or not eqn.effects]
        effects = frozenset().union(*[eqn.effects for eqn in kept])
        return PureFunction(self.jaxpr.replace(eqns=kept, effects=effects), self.__name__)

    def with_jaxpr(self, change: Callable[[Any], Any]) -> PureFunction:
        """Return the function of a changed jaxpr; itself if nothing changes."""
        jaxpr = change(self.jaxpr)
        return self if jaxpr is self.jaxpr else PureFunction(jaxpr, self.__name__)

    def dependence(self) -> list[frozenset[int]]:
        """Return, for each output, the inputs that its derivative may depend on."""
        found: dict[Any, frozenset[int]] = {var: frozenset([n]) for n, var in enumerate(self.jaxpr.invars)}
        none: frozenset[int] = frozenset()
        for eqn in self.jaxpr.eqns:
            given = [none if isinstance(atom, _core.Literal) else found.get(atom, none) for atom in eqn.invars]
            chosen = _GRADIENT_FROM.get(eqn.primitive.name, slice(None))
            joined = none.union(*given[chosen])
            found.update(
                {var: joined for var in eqn.outvars if jax.numpy.issubdtype(var.aval.dtype, jax.numpy.inexact)}
            )
        return [none if isinstance(atom, _core.Literal) else found.get(atom, none) for atom in self.jaxpr.outvars]

    def depends(self, inputs: Sequence[bool]) -> list[bool]:
        """Tell which outputs depend on any of the marked inputs."""
        marked = {var for var, mark in zip(self.jaxpr.invars, inputs, strict=True) if mark}
        for eqn in self.jaxpr.eqns:
            if any([isinstance(atom, _core.Var) and atom in marked for atom in eqn.invars]):
                marked.update(eqn.outvars)
        return [isinstance(atom, _core.Var) and atom in marked for atom in self.jaxpr.outvars]

    @property
    def is_symbolic(self) -> bool:
        """Whether a size of an input is a symbol."""
        return any([type(size) is not int for var in self.jaxpr.invars for size in var.aval.shape])

    def restricted(self, outputs: Sequence[int]) -> tuple[PureFunction, list[int]]:
        """Return the function that computes only some outputs, and which of the inputs it takes."""
        wanted = [place in outputs for place in range(len(self.jaxpr.outvars))]
        jaxpr, used = _partial_eval.dce_jaxpr(self.jaxpr, wanted)
        return PureFunction(jaxpr, self.__name__), [place for place, is_used in enumerate(used) if is_used]


def traced(
    function: Callable[..., Sequence[Any]], arguments: Sequence[Any], name: str
) -> tuple[PureFunction, list[Any]]:
    """Run a function of arrays once on symbols.

    Args:
        function: takes arrays, and may use tracers and arrays from outside; returns arrays.
        arguments: what has the shapes and dtypes of the arguments.
        name: what JAX's messages call it.

    Returns:
        The pure function, of ``(*inputs, *arguments)``, and the inputs, which come from outside.
    """
    trace = FunctionTrace(name)
    symbols = [trace.argument(argument) for argument in arguments]
    with trace_as_current(trace):
        pure, constants = trace.finish(function(*symbols))
    first, count = len(constants), len(constants) + len(symbols)
    order = [*range(first), *range(count, count + len(trace.sources)), *range(first, count)]
    jaxpr = pure.jaxpr.replace(invars=[pure.jaxpr.invars[place] for place in order])
    return PureFunction(jaxpr, name), [*constants, *trace.sources]


def base_trace(trace: Any = None) -> Any:
    """Return a trace, the current one unless given, below all recorders."""
    trace = current_trace() if trace is None else trace
    while isinstance(trace, RecordTrace):
        trace = trace.parent
    return trace


def _share_with_outer(trace: FunctionTrace) -> None:
    outer = base_trace(trace.parent_trace)
    if isinstance(outer, FunctionTrace):
        outer._made.update(trace._made)


def leak_message(value: Any) -> str:
    """Return what to tell who uses a value of a finished trace."""
    return (
        f"<tf.Tensor shape={tuple(value.shape)} dtype={value.dtype}> is out of scope and cannot be used here: it was "
        f"computed inside the function {getattr(value._trace, 'name', '')!r} while that was traced. Use return values, "
        "explicit Python locals or a tf.Variable to take values out of a tf.function."
    )


@lru_cache
def _sharding(device: Any) -> Any:
    return jax.sharding.SingleDeviceSharding(device)


def copied_to_device(array: np.ndarray) -> Any:
    """Copy a NumPy array to the default device: ``jax.device_put`` may share its memory, and takes 5 times as long."""
    device = _config.default_device.value or jax.local_devices()[0]
    if isinstance(device, str):
        device = jax.local_devices(backend=device)[0]
    aval = _core.ShapedArray(array.shape, array.dtype)
    return _xla.batched_device_put(
        aval, _sharding(device), [array], [device], committed=False, host_buffer_semantics=_COPIED, enable_x64=True
    )


_Trace: Any = _core.Trace


class RecordTrace(_Trace):  # type: ignore[misc]  # JAX has no types
    """A trace of JAX that lets everything run on the trace below, and then tells what ran.

    Args:
        parent: the trace below.
        listener: is told of every call of a primitive or of a function with its own derivative.
    """

    def __init__(self, parent: Any, listener: CallListener) -> None:
        super().__init__()
        self.parent = parent
        self.listener = listener

    def process_primitive(self, primitive: Any, args: Sequence[Any], params: dict[str, Any], /) -> Any:
        """Bind the primitive below."""
        with trace_as_current(self.parent):
            outputs = primitive.bind(*args, **params)
        self.listener.primitive_ran(primitive, params, args, outputs if primitive.multiple_results else (outputs,))
        return outputs

    def stage_value(self, value: Any) -> Any:
        """Stage below."""
        return self.parent.stage_value(value)

    def process_custom_jvp_call(
        self, primitive: Any, fun: Any, jvp: Any, tracers: Sequence[Any], /, *, symbolic_zeros: bool
    ) -> Any:
        """Run a function with its own forward rule below, rule included."""

        def call(*args: Any) -> Any:
            return current_trace().process_custom_jvp_call(primitive, fun, jvp, args, symbolic_zeros=symbolic_zeros)

        return self._with_own_rule(call, (fun, jvp.f, symbolic_zeros), tracers)

    def process_custom_vjp_call(
        self, primitive: Any, fun: Any, fwd: Any, bwd: Any, tracers: Sequence[Any], /, **params: Any
    ) -> Any:
        """Run a function with its own backward rule below, rule included."""

        def call(*args: Any) -> Any:
            return current_trace().process_custom_vjp_call(primitive, fun, fwd, bwd, args, **params)

        return self._with_own_rule(call, (fun, fwd.f, getattr(bwd, "f", bwd)), tracers)

    def _with_own_rule(self, call: Callable[..., Any], rule: tuple[Any, ...], args: Sequence[Any]) -> Any:
        """Run ``call`` below and tell of a function that is one object for one rule, however often it comes."""
        key = (*rule, *[(arg.shape, arg.dtype, getattr(arg, "weak_type", False)) for arg in args])
        function = _FUNCTIONS_OF_RULES.get(key)
        with trace_as_current(self.parent):
            if function is None:
                function = _core.jaxpr_as_fun(jax.make_jaxpr(call)(*args))
                outputs = function(*args)
            else:
                outputs = call(*args)  # JAX waits for what running it stores
        _remember_function(key, function)
        self.listener.function_ran(function, args, outputs)
        return outputs


_FUNCTIONS_OF_RULES: Final[dict[Any, Callable[..., Any]]] = {}
_MOST_RULES: Final = 1 << 10


def _remember_function(key: Any, function: Callable[..., Any]) -> None:
    _FUNCTIONS_OF_RULES.pop(key, None)
    _FUNCTIONS_OF_RULES[key] = function
    if len(_FUNCTIONS_OF_RULES) > _MOST_RULES:
        del _FUNCTIONS_OF_RULES[next(iter(_FUNCTIONS_OF_RULES))]


InconclusiveSizeError: Final[type[Exception]] = _core.InconclusiveDimensionOperation
"""What comparing sizes raises that are symbols."""


class Producer(NamedTuple):
    """What computed a value inside a function that is being traced.

    Attributes:
        name: the primitive's name, or that of the function of JAX that was called.
        params: its parameters.
        inputs: what it took: tracers.
        place: which of its results the value is.
    """

    name: str
    params: Mapping[str, Any]
    inputs: Sequence[Any]
    place: int


def known_constant(value: Any) -> np.ndarray | None:
    """Return the values behind a tracer that stands for a constant; ``None`` for any other."""
    if not isinstance(value, _core.Tracer):
        return np.asarray(value)
    lowered = value.full_lower() if isinstance(value, _partial_eval.DynamicJaxprTracer) else value
    return None if isinstance(lowered, _core.Tracer) else np.asarray(lowered)


def identity_of(value: Any) -> int:
    """Return a number that two tracers share only if they stand for the same value."""
    return id(value.val) if isinstance(value, _partial_eval.DynamicJaxprTracer) else id(value)


def producer(value: Any) -> Producer | None:
    """Return what computed a tracer; ``None`` for an argument, and where that is not known."""
    equation = getattr(value, "parent", None) if isinstance(value, _partial_eval.DynamicJaxprTracer) else None
    if equation is None:
        return None
    name = equation.params.get("name") if equation.primitive.name in ("jit", "pjit") else equation.primitive.name
    place = next(place for place, variable in enumerate(equation.outvars) if variable is value.val)
    return Producer(name, equation.params, equation.in_tracers, place)
