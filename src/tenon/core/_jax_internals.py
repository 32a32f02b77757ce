"""The private names of JAX that Tenon needs, all in this file, each with a test that says when one goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any, Final, Protocol

import jax
import jaxlib.xla_client
import numpy as np
from jax._src import array as _array
from jax._src import config as _config
from jax._src import core as _core
from jax._src import source_info_util as _source_info

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


def new_argument(trace: Any, aval: Any) -> Any:
    """Add an argument to a function that is being traced to a jaxpr; return its tracer."""
    return trace.new_arg(aval, _source_info.current())


def twin(array: jax.Array) -> jax.Array:
    """Return another array object with the same buffers, which costs nothing and has an identity of its own."""
    if not isinstance(array, _array.ArrayImpl):
        return array
    return _array.ArrayImpl(array.aval, array.sharding, array._arrays, committed=array._committed, _skip_checks=True)


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

        return self._closed_call(call, tracers)

    def process_custom_vjp_call(
        self, primitive: Any, fun: Any, fwd: Any, bwd: Any, tracers: Sequence[Any], /, **params: Any
    ) -> Any:
        """Run a function with its own backward rule below, rule included."""

        def call(*args: Any) -> Any:
            return current_trace().process_custom_vjp_call(primitive, fun, fwd, bwd, args, **params)

        return self._closed_call(call, tracers)

    def _closed_call(self, call: Callable[..., Any], args: Sequence[Any]) -> Any:
        with trace_as_current(self.parent):
            function = _core.jaxpr_as_fun(jax.make_jaxpr(call)(*args))
            outputs = function(*args)
        self.listener.function_ran(function, args, outputs)
        return outputs
