"""A recorder remembers which kernels ran on values that matter, so that derivatives can be taken afterwards.

    recorder on --run--> node appended --run--> ... --off--> backward / forward over the nodes

A value matters ("is live") when it is watched or when a kernel computed it from a live one. Values are known by the
identity of their arrays; the recorder keeps live arrays alive, so that no identity can come twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tenon.core import _jax_internals as internals
from tenon.core.recording._kernels import Kernel, is_differentiable, kernel, primitive_kernel, renewed

Pullback = Callable[..., Sequence[Any]]


class Node(NamedTuple):
    """One call: what ran, on what, with what result.

    Attributes:
        kernel: runs the call again; ``None`` where a ``pullback`` is the only derivative there is.
        inputs: the arrays it took.
        outputs: the arrays it gave.
        pullback: takes the gradients of the outputs (``None`` where there is none) and returns those of the inputs.
    """

    kernel: Kernel | None
    inputs: tuple[Any, ...]
    outputs: tuple[Any, ...]
    pullback: Pullback | None = None


class Recorder:
    """Remembers the calls on live values while it is on. Recorders nest: each learns of what runs inside.

    Args:
        watch_variables: whether the values of trainable variables are live when they are read.

    Example:
        >>> import jax.numpy as jnp
        >>> x, recorder = jnp.ones(2), Recorder()
        >>> recorder.watch(x)
        >>> with recorder:
        ...     y = jnp.sin(x)
        >>> len(recorder.nodes)
        1
    """

    def __init__(self, watch_variables: bool = True) -> None:
        self.nodes: list[Node] = []
        self.paused = False
        self._watch_variables = watch_variables
        self._watched_variables: dict[int, Any] = {}
        self._live: dict[int, Any] = {}
        self._reads: dict[int, tuple[Any, list[Any]]] = {}
        self._trace: internals.RecordTrace | None = None

    def __enter__(self) -> Recorder:
        self._trace = internals.RecordTrace(internals.current_trace(), self)
        internals.set_current_trace(self._trace)
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._trace is not None
        internals.set_current_trace(self._trace.parent)
        self._trace = None

    @property
    def on(self) -> bool:
        """Whether the block of this recorder is running."""
        return self._trace is not None

    def watch(self, array: Any) -> None:
        """Make an array live."""
        self._live[id(array)] = array

    def watch_variable(self, variable: Any) -> None:
        """Make the values of a variable live from now on, whenever it is read."""
        self._watched_variables[id(variable)] = variable

    def variable_read(self, variable: Any, array: Any, trainable: bool) -> None:
        """Make the array live that a variable had when it was read, if the variable is watched."""
        watched = (trainable and self._watch_variables) or id(variable) in self._watched_variables
        if self.paused or not watched or not is_differentiable(array):
            return
        self._live[id(array)] = array
        _, arrays = self._reads.setdefault(id(variable), (variable, []))
        if not any([array is known for known in arrays]):
            arrays.append(array)

    def arrays_of(self, variable: Any) -> list[Any]:
        """Return the arrays that a variable had when it was read, oldest first."""
        return self._reads.get(id(variable), (variable, []))[1]

    def read_variables(self) -> list[Any]:
        """Return the variables that are watched, those that were read first, in the order of their first reading."""
        read = {key: variable for key, (variable, _) in self._reads.items()}
        return list({**read, **self._watched_variables}.values())

    def is_live(self, array: Any) -> bool:
        """Tell whether an array is watched, or was computed from one that is."""
        return id(array) in self._live

    def wants(self, inputs: Sequence[Any]) -> bool:
        """Tell whether a call on ``inputs`` would be recorded."""
        live = self._live
        return not self.paused and any([id(value) in live for value in inputs])

    def wants_derivative(self, value: Any) -> bool:
        """Tell whether derivatives with respect to a value may be asked for."""
        return not self.paused and id(value) in self._live and is_differentiable(value)

    def kernel_ran(self, kernel: Kernel, inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Record the run of a kernel, if an input is live."""
        if self.wants(inputs):
            self._append(Node(kernel, tuple(inputs), tuple(outputs)))

    def primitive_ran(
        self, primitive: Any, params: dict[str, Any], inputs: Sequence[Any], outputs: Sequence[Any]
    ) -> None:
        """Record the run of a primitive of JAX, if an input is live."""
        if self.wants(inputs):
            self._append(Node(primitive_kernel(primitive, params), tuple(inputs), tuple(outputs)))

    def function_ran(self, function: Callable[..., Any], inputs: Sequence[Any], outputs: Sequence[Any]) -> None:
        """Record the run of a function of arrays, if an input is live."""
        if self.wants(inputs):
            self._append(Node(kernel(function), tuple(inputs), tuple(outputs)))

    def opaque_ran(self, inputs: Sequence[Any], outputs: Sequence[Any], pullback: Pullback) -> None:
        """Record a call whose derivative only ``pullback`` knows, if an input is live."""
        if self.wants(inputs):
            self._append(Node(None, tuple(inputs), tuple(outputs), pullback))

    def _append(self, node: Node) -> None:
        self.nodes.append(node)
        live = self._live
        for output in node.outputs:
            if is_differentiable(output):
                live[id(output)] = output


def active_recorders() -> list[Recorder]:
    """Return the recorders that are on in this thread, innermost first.

    Example:
        >>> active_recorders()
        []
    """
    found: list[Any] = []
    trace = internals.current_trace()
    while isinstance(trace, internals.RecordTrace):
        found.append(trace.listener)
        trace = trace.parent
    return found


def base_trace() -> Any:
    """Return the current trace below all recorders."""
    return internals.base_trace()


def executing_eagerly_on_arrays() -> bool:
    """Tell whether kernels compute at once: no ``jax.jit`` and no function is being traced.

    Example:
        >>> executing_eagerly_on_arrays()
        True
    """
    return base_trace() is internals.EVAL_TRACE


def unrecorded() -> Any:
    """Return a context in which no recorder learns of anything."""
    return internals.trace_as_current(base_trace())


def new_identity(array: Any) -> Any:
    """Return the same values as another array object, of which no recorder knows that it is the same."""
    return renewed(array)
